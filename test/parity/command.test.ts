/** The options of the command line, each seen by a server that the built command talks to. */

import { hostname } from 'node:os'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, test } from 'vitest'
import type { Packet } from '../../src/codec/index.js'
import { RunningCommand } from '../cli/command.js'
import { listen } from '../platform/servers.js'
import { certificates } from '../support/certificates.js'
import { type Conversation, type Peer, startPeer } from './peer.js'

type Name = 'pub' | 'sub' | 'connect'
type Pair = readonly [short: string, long: string, value: string]
type Connect = Extract<Packet, { type: 'connect' }>

/** What every command takes. */
const COMMON: readonly Pair[] = [
  ['-I', '--iface', '127.0.0.3'],
  ['-V', '--protocol-version', 'v3.1.1'],
  ['-u', '--username', 'ann'],
  ['-P', '--password', 'secret'],
  ['-C', '--clientid', 'me'],
  ['-k', '--keepalive', '17'],
  ['', '--will-topic', 'gone'],
  ['', '--will-payload', 'bye'],
  ['', '--will-qos', '1'],
  ['', '--will-retain', 'true'],
]

const OWN: Record<Name, readonly Pair[]> = {
  pub: [
    ['-t', '--topic', 'a/b'],
    ['-q', '--qos', '1'],
    ['-r', '--retain', 'true'],
    ['', '--payload', 'hello'],
  ],
  sub: [
    ['-t', '--topic', 'a/+'],
    ['-q', '--qos', '2'],
  ],
  connect: [],
}

/** Those that are needed. */
const LEAST: Record<Name, readonly string[]> = {
  pub: ['-t', 'a', '--payload', 'p'],
  sub: ['-t', 'a'],
  connect: [],
}

/** How an option may be written. */
const SPELLINGS: Record<string, (pair: Pair) => string[]> = {
  '-e arg': ([short, long, value]) => (short === '' ? [long, value] : [short, value]),
  '--example arg': ([, long, value]) => [long, value],
  '--example=arg': ([, long, value]) => [`${long}=${value}`],
}

interface Seen {
  server: Conversation
  connect: Connect
  /** What the command did then. */
  publish?: Extract<Packet, { type: 'publish' }>
  subscribe?: Extract<Packet, { type: 'subscribe' }>
}

/** Runs a command to its end, with a server that is content with all of it. */
async function run(peer: Peer, name: Name, argv: readonly string[]): Promise<Seen> {
  await using command = new RunningCommand([name, ...argv])
  const server = await peer.conversation()
  const seen: Seen = { server, connect: await server.accept() }
  if (name === 'pub') {
    seen.publish = await server.next('publish')
    const { qos, packetId } = seen.publish
    if (qos === 1) server.send({ type: 'puback', packetId: packetId as number })
  } else {
    if (name === 'sub') {
      seen.subscribe = await server.next('subscribe')
      server.send({ type: 'suback', packetId: seen.subscribe.packetId, reasonCodes: [0] })
      await command.said('stderr', 'subscribed to')
    } else await command.said('stderr', 'sent CONNECT')
    command.kill('SIGTERM')
  }
  const { code, stderr } = await command.ended
  if (name !== 'connect') expect(code, stderr).toBe(0)
  return seen
}

const NAMES: Name[] = ['pub', 'sub', 'connect']

describe.each(NAMES)('emqtt %s', (name) => {
  test.each(Object.keys(SPELLINGS))('tells the server what its options say, written as %s', async (spelling) => {
    await using peer = await startPeer()
    const write = SPELLINGS[spelling] as (pair: Pair) => string[]
    const to: Pair[] = [
      ['-h', '--host', '127.0.0.1'],
      ['-p', '--port', `${peer.port}`],
    ]
    const { server, connect, publish, subscribe } = await run(
      peer,
      name,
      [...to, ...COMMON, ...OWN[name]].flatMap(write),
    )
    expect(server.remote.address).toBe('127.0.0.3')
    const { password, will, ...rest } = connect
    expect(rest).toMatchObject({ protocolVersion: 4, username: 'ann', clientId: 'me', keepAlive: 17 })
    expect(Buffer.from(password ?? []).toString()).toBe('secret')
    expect(will).toMatchObject({ topic: 'gone', qos: 1, retain: true })
    expect(Buffer.from(will?.payload ?? []).toString()).toBe('bye')
    if (name === 'pub') {
      expect(publish).toMatchObject({ topic: 'a/b', qos: 1, retain: true, dup: false })
      expect(Buffer.from(publish?.payload ?? []).toString()).toBe('hello')
    }
    if (name === 'sub') expect(subscribe?.subscriptions).toMatchObject([{ filter: 'a/+', qos: 2 }])
  })

  test('has the defaults of the reference', async () => {
    await using peer = await startPeer('localhost')
    const { connect, publish, subscribe } = await run(peer, name, ['-p', `${peer.port}`, ...LEAST[name]])
    expect(connect).toMatchObject({ protocolVersion: 5, keepAlive: 300, cleanStart: true })
    expect(connect).toMatchObject({ will: undefined, username: undefined, password: undefined })
    expect(connect.clientId.slice(0, -20)).toBe(`emqtt-${hostname()}-`)
    expect(connect.clientId.slice(-20)).toMatch(/^[0-9a-f]{20}$/)
    if (name === 'pub') expect(publish).toMatchObject({ qos: 0, retain: false })
    const plain = { filter: 'a', qos: 0, retainAsPublished: false, retainHandling: 0 }
    if (name === 'sub') expect(subscribe?.subscriptions).toMatchObject([plain])
  })

  test.each([
    ['v3.1', 3],
    ['v3.1.1', 4],
    ['v5', 5],
  ])('speaks the version that -V %s says', async (version, level) => {
    await using peer = await startPeer()
    const argv = ['-h', '127.0.0.1', '-p', `${peer.port}`, '-V', version, ...LEAST[name]]
    expect((await run(peer, name, argv)).connect.protocolVersion).toBe(level)
  })

  test('shows its certificate, names the server, speaks the TLS version and trusts whom its options say', async () => {
    const { ca, server, client } = await certificates()
    const seen: object[] = []
    const secured = { cert: server.cert, key: server.key, ca: ca.cert, requestCert: true, rejectUnauthorized: false }
    const { port, close } = await listen(
      createTlsServer(secured, (socket) => {
        const { subject } = socket.getPeerCertificate()
        seen.push({ version: socket.getProtocol(), name: socket.servername, certificate: subject?.CN })
        socket.destroy()
      }),
    )
    const attempt = async (...argv: string[]): Promise<string> => {
      await using command = new RunningCommand([
        name,
        '-h',
        '127.0.0.1',
        '-p',
        `${port}`,
        '--enable-ssl',
        ...LEAST[name],
        ...argv,
      ])
      return (await command.ended).stderr
    }
    const trusting = ['--CAfile', ca.certFile]
    await attempt(...trusting, '--cert', client.certFile, '--key', client.keyFile, '--tls-version', 'tlsv1.2')
    await attempt(...trusting, '--sni', 'localhost', '--tls-version', 'tlsv1.3')
    expect(seen.splice(0)).toEqual([
      { version: 'TLSv1.2', name: false, certificate: 'test-client' },
      { version: 'TLSv1.3', name: 'localhost', certificate: undefined },
    ])
    expect(await attempt()).toMatch(/certificate/)
    expect(seen).toEqual([])
    await attempt('--verify=false')
    expect(seen).toHaveLength(1)
    await close()
  })
})

test('emqtt pub --repeat-count, as a heading of the reference has it, is --repeat-delay: the wait between two of --repeat', async () => {
  for (const option of ['--repeat-count=0.3', '--repeat-delay=0.3']) {
    await using peer = await startPeer()
    await using command = new RunningCommand([
      'pub',
      '-h',
      '127.0.0.1',
      '-p',
      `${peer.port}`,
      ...LEAST.pub,
      '--repeat',
      '2',
      option,
    ])
    const server = await peer.conversation()
    await server.accept()
    await server.next('publish')
    await server.next('publish')
    await server.next('disconnect')
    expect((await command.ended).code).toBe(0)
    const [first, second] = server.heard.filter(({ packet }) => packet.type === 'publish').map(({ at }) => at)
    expect((second as number) - (first as number)).toBeGreaterThan(250)
  }
})

test.each([
  [['--retain-as-publish'], { retainAsPublished: true, retainHandling: 0 }],
  [['--retain-as-publish=true', '--retain-handling=1'], { retainAsPublished: true, retainHandling: 1 }],
  [['--retain-as-publish', '1', '--retain-handling', '2'], { retainAsPublished: true, retainHandling: 2 }],
] as const)('emqtt sub %j asks for that', async (argv, expected) => {
  await using peer = await startPeer()
  const { subscribe } = await run(peer, 'sub', ['-h', '127.0.0.1', '-p', `${peer.port}`, ...LEAST.sub, ...argv])
  expect(subscribe?.subscriptions).toMatchObject([expected])
})
