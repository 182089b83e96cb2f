/** What npm would publish, as those get it who install it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../support/command.mjs'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { ensureBuilt, ROOT } from '../support/setup.mjs'

const MINUTE = 60_000

interface Sizes {
  minified: number
  gzip: number
  brotli: number
}

/** Bytes of what esbuild makes of a page that connects, subscribes and publishes. The aim is 10 000, brotli; it only goes down. */
const PAGE_BAR: Sizes = { minified: 94_800, gzip: 33_050, brotli: 29_550 }

let folder: string
let files: string[]

beforeAll(async () => {
  await ensureBuilt()
  folder = await mkdtemp(join(tmpdir(), 'emqtt-package-'))
  // Without scripts, of which one would see to the build that was just seen to.
  const packed = await succeed(
    'npm',
    ['pack', '--silent', '--json', '--ignore-scripts', '--pack-destination', folder],
    ROOT,
  )
  const [pack] = JSON.parse(packed)
  files = pack.files.map(({ path }: { path: string }) => path)
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  await succeed('npm', [
    'install',
    '--silent',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    join(folder, pack.filename),
  ])
}, 2 * MINUTE)

afterAll(() => rm(folder, { recursive: true, force: true }))

async function succeed(command: string, args: string[], cwd = folder): Promise<string> {
  const { code, output } = await run(command, args, { cwd, timeout: MINUTE })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}

/** What a module prints that Node runs in the folder where the package is installed. */
async function evaluate(code: string, ...options: string[]) {
  return JSON.parse(await succeed(process.execPath, [...options, '--input-type=module', '--eval', code]))
}

/** A file of the package as it was installed. */
function read(path: string): Promise<string> {
  return readFile(join(folder, 'node_modules/emqtt', path), 'utf8')
}

function sizesOf(code: string): Sizes {
  return { minified: code.length, gzip: gzipSync(code).length, brotli: brotliCompressSync(code).length }
}

/** As the readme tells of them. */
function kilobytes({ gzip, brotli }: Sizes): string {
  return `${(brotli / 1000).toFixed(1)} kB (brotli; ${(gzip / 1000).toFixed(1)} kB gzip)`
}

async function saidOfSize(): Promise<string | undefined> {
  return (await read('README.md')).split('\n').find((line) => line.startsWith('- **Small.**'))
}

describe('in Node', () => {
  test.each(['emqtt', 'emqtt/codec', 'emqtt/scram', 'emqtt/store', 'emqtt/store/file', 'emqtt/store/indexeddb'])(
    'import and require of %s give the same names',
    async (name) => {
      const { imported, required } = await evaluate(`
      import { createRequire } from 'node:module'
      import * as imported from '${name}'
      const required = createRequire(import.meta.url)('${name}')
      console.log(JSON.stringify({ imported: Object.keys(imported), required: Object.keys(required).sort() }))
    `)
      expect(imported.length).toBeGreaterThan(1)
      // Node adds them where it imports CommonJS; here nothing of that kind is expected.
      expect(imported).not.toContain('default')
      expect(required).toEqual(imported)
    },
  )

  test('a bundler for browsers finds the same names as Node', async () => {
    const names = `import * as emqtt from 'emqtt'; console.log(JSON.stringify(Object.keys(emqtt)))`
    expect(await evaluate(names, '--conditions=browser')).toEqual(await evaluate(names))
  })

  test('isMqttError recognises the errors of every copy, where instanceof cannot', async () => {
    const found = await evaluate(`
      import { createRequire } from 'node:module'
      import { isMqttError, MqttError } from 'emqtt'
      import { PacketReader } from 'emqtt/codec'
      import { scram } from 'emqtt/scram'
      import { fileStore } from 'emqtt/store/file'
      import { indexedDbStore } from 'emqtt/store/indexeddb'
      const error = new (createRequire(import.meta.url)('emqtt').MqttError)('', { code: 'A', phase: 'codec' })
      let thrown
      try { new PacketReader({ protocolVersion: 5 }).push(Uint8Array.of(0, 0)) } catch (error) { thrown = error }
      const closed = await fileStore('unused').write(new Map()).catch((error) => error)
      const refused = await scram('SCRAM-SHA-256', { username: 'a', password: 'b' }).next().catch((error) => error)
      const unavailable = await indexedDbStore('a').open().catch((error) => error)
      const errors = [error, thrown, refused, closed, unavailable, {}]
      console.log(JSON.stringify([error instanceof MqttError, ...errors.map(isMqttError)]))
    `)
    expect(found).toEqual([false, true, true, true, true, true, false])
  })

  test('npx emqtt --help runs', async () => {
    expect((await read('dist/cli/main.js')).split('\n')[0]).toBe('#!/usr/bin/env node')
    expect(await succeed('npx', ['--offline', 'emqtt', '--help'])).toMatch(/^Usage: emqtt /m)
  })

  test('the command imports the library and holds no second copy', async () => {
    const chunks = files.filter((path) => path.startsWith('dist/cli/'))
    expect((await Promise.all(chunks.map(read))).join('\n')).not.toContain('emqtt.MqttError')
  })
})

describe('through mosquitto', () => {
  let broker: Mosquitto
  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  /** Publishes and receives at each QoS over each transport in each version; `emqtt` is the package, however it came. */
  const exchange = `
    export async function exchange(emqtt, urls, ca) {
      const done = []
      for (const [scheme, url] of Object.entries(urls)) for (const protocolVersion of [3, 4, 5]) {
        const tls = scheme === 'mqtts' || scheme === 'wss' ? { tls: { ca } } : {}
        const client = await emqtt.connect(url, { protocolVersion, reconnect: false, ...tls })
        for (const qos of [0, 1, 2]) {
          const messages = await client.subscribe('package/' + qos, { qos })
          await client.publish('package/' + qos, scheme + protocolVersion + qos, { qos })
          const { value } = await messages.next()
          done.push(value.text() + value.qos)
        }
        await client.disconnect()
      }
      console.log(JSON.stringify(done))
    }`
  const expected = ['mqtt', 'mqtts', 'ws', 'wss'].flatMap((scheme) =>
    [3, 4, 5].flatMap((version) => [0, 1, 2].map((qos) => `${scheme}${version}${qos}${qos}`)),
  )

  test.each([
    ['import', `import * as emqtt from 'emqtt'`],
    ['require', `import { createRequire } from 'node:module'; const emqtt = createRequire(import.meta.url)('emqtt')`],
  ])(
    'what %s gives publishes and receives at QoS 0, 1 and 2, in each version, over each transport',
    async (_, load) => {
      const { mqtt, mqtts, ws, wss } = broker.urls
      const code = `${load}\n${exchange.replace('export ', '')}
      await exchange(emqtt, ${JSON.stringify({ mqtt, mqtts, ws, wss })}, ${JSON.stringify(broker.ca)})`
      expect(await evaluate(code)).toEqual(expected)
    },
  )

  const VERSIONS = ['v3.1', 'v3.1.1', 'v5']
  const TRANSPORTS: Record<'mqtt' | 'mqtts' | 'ws' | 'wss', readonly string[]> = {
    mqtt: [],
    mqtts: ['--enable-ssl'],
    ws: ['--enable-websocket'],
    wss: ['--enable-ssl', '--enable-websocket'],
  }

  test.each(Object.entries(TRANSPORTS))(
    'the command publishes and receives at QoS 0, 1 and 2, in each version, over %s',
    async (scheme, flags) => {
      const tls = flags.includes('--enable-ssl') ? ['--CAfile', broker.certificates.ca.certFile] : []
      const at = ['-h', '127.0.0.1', '-p', String(broker.ports[scheme as keyof typeof TRANSPORTS]), ...flags, ...tls]
      const emqtt = join(folder, 'node_modules/.bin/emqtt')
      for (const version of VERSIONS) {
        const sub = spawn(emqtt, ['sub', ...at, '-V', version, '-t', 'command/+', '-q', '2'])
        let received = ''
        let said = ''
        sub.stdout.on('data', (chunk) => (received += chunk))
        sub.stderr.on('data', (chunk) => (said += chunk))
        const until = async (holds: () => boolean) => {
          while (!holds()) await Promise.race([once(sub.stdout, 'data'), once(sub.stderr, 'data')])
        }
        await until(() => said.includes('subscribed to command/+'))
        for (const qos of ['0', '1', '2']) {
          await succeed(emqtt, [
            'pub',
            ...at,
            '-V',
            version,
            '-t',
            `command/${qos}`,
            '-q',
            qos,
            '--payload',
            `hello ${qos}`,
          ])
        }
        await until(() => received.split('\n').length > 3)
        expect(received).toBe('hello 0\nhello 1\nhello 2\n')
        sub.kill('SIGINT')
        expect((await once(sub, 'exit'))[0]).toBe(0)
      }
    },
    MINUTE,
  )
})

describe('in a browser', () => {
  test.each([
    'browser/index.js',
    'browser/index.cjs',
    'umd/emqtt.js',
    'umd/emqtt.min.js',
    'scram/index.js',
    'scram/index.cjs',
    'store/indexeddb.js',
    'store/indexeddb.cjs',
    'umd/emqtt-indexeddb.min.js',
  ])('%s holds nothing of Node, no import and nothing but ASCII', async (path) => {
    const code = await read(`dist/${path}`)
    expect(code.match(/\bBuffer\b|\bprocess\b|\bnode:|\brequire\(|\bimport\b|[^\0-\x7f]/g)).toBeNull()
  })

  test.each(['emqtt.js', 'emqtt.min.js'])('%s defines one global, emqtt, with all names', async (path) => {
    const page: Record<string, unknown> = { TextEncoder, TextDecoder, performance }
    const before = Object.keys(page)
    runInNewContext(await read(`dist/umd/${path}`), page)
    expect(Object.keys(page).filter((name) => !before.includes(name))).toEqual(['emqtt'])
    const names = await evaluate(`import * as emqtt from 'emqtt'; console.log(JSON.stringify(Object.keys(emqtt)))`)
    expect(Object.keys(page.emqtt as object).sort()).toEqual(names)
  })

  test('the script of the store defines one global, emqttIndexedDb', async () => {
    const page: Record<string, unknown> = {}
    runInNewContext(await read('dist/umd/emqtt-indexeddb.min.js'), page)
    expect(Object.keys(page)).toEqual(['emqttIndexedDb'])
    expect(Object.keys(page.emqttIndexedDb as object).sort()).toEqual(['MqttError', 'indexedDbStore', 'isMqttError'])
  })

  test('the script that the CDNs give out is as large as the readme says', async () => {
    const { unpkg, jsdelivr } = JSON.parse(await read('package.json'))
    expect(unpkg).toBe(jsdelivr)
    expect(await saidOfSize()).toContain(`minified UMD is ${kilobytes(sizesOf(await read(unpkg)))}`)
  })

  test('a page that connects, subscribes and publishes is bundled to the size that the readme says, and no more than its bar', async () => {
    const page = `
      import { connect } from 'emqtt'
      const client = await connect('wss://localhost')
      await client.subscribe('greetings', (message) => console.log(message.text()))
      await client.publish('greetings', 'hello')
    `
    const { outputFiles } = await build({
      stdin: { contents: page, resolveDir: folder },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    })
    const sizes = sizesOf((outputFiles[0] as { text: string }).text)
    for (const [way, bytes] of Object.entries(sizes))
      expect(bytes, way).toBeLessThanOrEqual(PAGE_BAR[way as keyof Sizes])
    expect(await saidOfSize()).toContain(`subscribes and publishes is ${kilobytes(sizes)}`)
  })
})

test('the package holds what is built, its licence and its readme', () => {
  const others = files.filter((path) => !path.startsWith('dist/'))
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
})

describe('its types', () => {
  const HOSTS = {
    none: { lib: ['ES2022'], types: [] },
    page: { lib: ['ES2022', 'DOM'], types: [] },
    node: { lib: ['ES2022'], types: ['node'] },
    both: { lib: ['ES2022', 'DOM'], types: ['node'] },
  }
  /** Every resolution and every host: not each with each, since neither minds the other and a check takes its second. */
  const READERS = [
    ['node16', 'none'],
    ['node16', 'node'],
    ['nodenext', 'none'],
    ['nodenext', 'both'],
    ['bundler', 'none'],
    ['bundler', 'page'],
  ] as const

  const EVERYWHERE = `
    import { Client, connect, isMqttError, type ClientOptions } from 'emqtt'
    import { encodePacket, PacketReader } from 'emqtt/codec'
    import { type Authenticator, scram } from 'emqtt/scram'
    import { keepSession, type SessionStore } from 'emqtt/store'
    import { fileStore } from 'emqtt/store/file'
    import { indexedDbStore } from 'emqtt/store/indexeddb'
    const options: ClientOptions = { protocolVersion: 5, tls: { ca: 'PEM' }, webSocket: { headers: { a: 'b' } } }
    export async function use(): Promise<Client> {
      // Disposing is in the types, and needs no lib of the reader's.
      await using client = await connect('mqtt://localhost', options)
      try {
        await client.publish('a', Uint8Array.of(1), { qos: 2 })
      } catch (error) {
        if (isMqttError(error)) throw new Error(error.code + error.phase)
      }
      return new Client(options)
    }
    export const authenticator: Authenticator = scram('SCRAM-SHA-256', { username: 'a', password: async () => 'b' })
    export const store: SessionStore = fileStore('sessions/a', { sync: false })
    export const third: SessionStore = keepSession({ open: async () => ({ entries: [] }), write: async () => {}, close: async () => {} })
    export const another: SessionStore = indexedDbStore('a', { durability: 'strict' })
    export const bytes: Uint8Array = encodePacket({ type: 'pingreq' }, 5)
    export const packets = new PacketReader({ protocolVersion: 4 }).push(bytes).map(({ type }) => type)
  `
  // Where there is a host, what it has fits what we take.
  const WITH_A_HOST = `
    import { connect } from 'emqtt'
    export const client = connect(new URL('wss://localhost'), { signal: new AbortController().signal })
  `

  test(
    'compile strictly, libraries included, whatever the resolution and the host',
    async () => {
      const projects: string[] = []
      for (const [moduleResolution, host] of READERS) {
        const project = join(folder, 'types', `${moduleResolution}-${host}`)
        projects.push(project)
        await mkdir(project, { recursive: true })
        for (const suffix of ['mts', 'cts']) {
          await writeFile(join(project, `use.${suffix}`), EVERYWHERE)
          if (host !== 'none') await writeFile(join(project, `host.${suffix}`), WITH_A_HOST)
        }
        const compilerOptions = {
          ...HOSTS[host],
          moduleResolution,
          module: moduleResolution === 'bundler' ? 'preserve' : moduleResolution,
          target: 'ES2022',
          strict: true,
          skipLibCheck: false,
          noEmit: true,
          typeRoots: [join(ROOT, 'node_modules/@types')],
        }
        await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
      }
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
      const { output } = await run(process.execPath, [tsc, '--build', '--pretty', 'false', ...projects], {
        cwd: folder,
      })
      expect(output).toBe('')
    },
    MINUTE,
  )
})

test('every file that package.json names is there', async () => {
  const named = (await read('package.json')).match(/(?<="(\.\/)?)dist\/[^"]+/g) ?? []
  const built = await readdir(join(folder, 'node_modules/emqtt/dist'), { recursive: true })
  expect(named.length).toBeGreaterThan(10)
  for (const path of named) expect(built).toContain(path.slice('dist/'.length))
})
