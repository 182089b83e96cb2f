/** A web server for the test pages, over http and https: pages made of words, the builds in dist, and folders of a test's own. */

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { extname, join, resolve, sep } from 'node:path'
import { certificates } from '../../test/support/certificates.js'
import { ROOT } from '../../test/support/setup.mjs'

export interface Site {
  /** Origins, without a slash at the end. */
  readonly http: string
  readonly https: string
  /** Serves the files of `folder` below `path`, which ends with a slash. */
  mount(path: string, folder: string): void
  [Symbol.asyncDispose](): Promise<void>
}

interface Page {
  /** What the head of the page holds. */
  head: string
  headers?: Record<string, string>
}

const UMD = '<script src="/dist/umd/emqtt.min.js"></script>'
const STORE = '<script src="/dist/umd/emqtt-indexeddb.min.js"></script>'

/** No inline script, no eval, and nothing but the broker to talk to. */
export const STRICT_POLICY = "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:*"

const PAGES: Readonly<Record<string, Page>> = {
  '/empty': { head: '' },
  '/umd': { head: UMD },
  '/esm': { head: `<script type="module" src="/esm.js"></script>` },
  '/store': { head: STORE },
  '/survival': { head: UMD + STORE },
  '/strict': { head: UMD + STORE, headers: { 'content-security-policy': STRICT_POLICY } },
  '/closed': { head: UMD, headers: { 'content-security-policy': "default-src 'none'; script-src 'self'" } },
}

const SCRIPTS: Readonly<Record<string, string>> = {
  '/esm.js': `import * as emqtt from '/dist/browser/index.js'\nglobalThis.emqtt = emqtt\n`,
  '/store-worker.js': `
    importScripts('/dist/umd/emqtt-indexeddb.min.js')
    onmessage = async ({ data }) => {
      const store = emqttIndexedDb.indexedDbStore(data)
      await store.open()
      await store.write(new Map([['a', Uint8Array.of(7)]]))
      await store.close()
      postMessage('stored')
    }`,
  '/worker.js': `
    importScripts('/dist/umd/emqtt.min.js')
    onmessage = async ({ data }) => {
      const client = await emqtt.connect(data, { protocolVersion: 5 })
      const subscription = await client.subscribe('worker', { qos: 2 })
      await client.publish('worker', 'from a worker', { qos: 2 })
      const { value } = await subscription.next()
      await client.disconnect()
      postMessage(value.text())
    }`,
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

export async function startSite(): Promise<Site> {
  const { server } = await certificates()
  const mounted = new Map([['/dist/', join(ROOT, 'dist')]])

  const answer: RequestListener = async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site')
    const page = PAGES[pathname]
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': TYPES['.html'], ...page.headers })
      response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>emqtt</title>${page.head}`)
      return
    }
    try {
      const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
      const body = SCRIPTS[path] ?? (await readMounted(mounted, path))
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body)
    } catch {
      // A browser asks for it unbidden, and would report a 404 in the console.
      response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end()
    }
  }

  const servers = [createServer(answer), createSecureServer({ cert: server.cert, key: server.key }, answer)] as const
  const origins = servers.map(async (listening, at) => {
    listening.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    return `${at === 0 ? 'http' : 'https'}://127.0.0.1:${(listening.address() as AddressInfo).port}`
  })
  const [http, https] = (await Promise.all(origins)) as [string, string]

  return {
    http,
    https,
    mount: (path, folder) => void mounted.set(path, folder),
    async [Symbol.asyncDispose]() {
      const closed = servers.map((listening) => new Promise((done) => listening.close(done)))
      for (const listening of servers) listening.closeAllConnections()
      await Promise.all(closed)
    },
  }
}

async function readMounted(mounted: ReadonlyMap<string, string>, pathname: string): Promise<Buffer> {
  for (const [path, folder] of mounted) {
    if (!pathname.startsWith(path)) continue
    const file = resolve(folder, pathname.slice(path.length))
    if (file.startsWith(folder + sep)) return readFile(file)
  }
  throw new Error(`nothing is at ${pathname}`)
}
