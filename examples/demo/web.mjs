/** Serves the dashboard: a handful of files, under a Content-Security-Policy that allows nothing but them. */

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { HOST, listen } from './listen.mjs'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))

const FILES = {
  '/': ['page/index.html', 'text/html; charset=utf-8'],
  '/style.css': ['page/style.css', 'text/css; charset=utf-8'],
  '/dashboard.js': ['page/dashboard.js', 'text/javascript; charset=utf-8'],
  '/plot.js': ['page/plot.js', 'text/javascript; charset=utf-8'],
  '/icon.svg': ['page/icon.svg', 'image/svg+xml'],
  '/emqtt.min.js': ['../../dist/umd/emqtt.min.js', 'text/javascript; charset=utf-8'],
}

/** Starts it at `port`, or at a free one; the page is told where `broker` listens. */
export async function startWeb({ port = 0, broker }) {
  const headers = {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src ${broker.webSocketUrl}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  }

  const server = createServer(async (request, response) => {
    const [file, type] = FILES[request.url?.split('?')[0]] ?? []
    if (file === undefined) return response.writeHead(404, headers).end()
    if (request.method !== 'GET' && request.method !== 'HEAD') return response.writeHead(405, headers).end()
    try {
      let body = await readFile(at(file))
      if (file.endsWith('.html')) {
        body = body
          .toString()
          .replaceAll('{{webSocketUrl}}', broker.webSocketUrl)
          .replaceAll('{{tcpPort}}', broker.ports.tcp)
      }
      response.writeHead(200, { ...headers, 'content-type': type }).end(request.method === 'HEAD' ? undefined : body)
    } catch {
      response.writeHead(500, headers).end()
    }
  })

  const inUse = await listen(server, port)
  return {
    port: inUse,
    url: `http://${HOST}:${inUse}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
