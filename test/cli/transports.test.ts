import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Certificate, certificates } from '../support/certificates.js'
import { type EmbeddedBroker, startEmbeddedBroker } from '../support/embedded-broker.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { emqtt, lines, RunningCommand } from './command.js'
import { CONNACK } from './peer.js'

const VERSIONS = ['v3.1', 'v3.1.1', 'v5']
const QOS = [0, 1, 2]
const TEXT = 'grüß dich, Welt'
const BYTES = Buffer.byteLength(TEXT)

/** Sends one message from `emqtt pub` to `emqtt sub` and compares all that both print. */
async function exchange(server: readonly string[], version: string, qos: number): Promise<void> {
  const topic = `hello/${randomUUID()}`
  const common = [...server, '-V', version, '-t', topic, '-q', `${qos}`]
  await using sub = new RunningCommand(['sub', ...common])
  await sub.said('stderr', 'subscribed to')

  const pub = await emqtt('pub', ...common, '--payload', TEXT)
  expect(pub).toMatchObject({ code: 0, stdout: '' })
  expect(lines(pub.stderr)).toEqual([
    'Client <id> sent CONNECT',
    `Client <id> sent PUBLISH (Q${qos}, R0, D0, Topic=${topic}, Payload=...(${BYTES} bytes))`,
    'Client <id> sent DISCONNECT',
  ])

  await sub.said('stdout', '\n')
  sub.kill('SIGINT')
  const { code, stdout, stderr } = await sub.ended
  expect(code).toBe(0)
  expect(stdout).toBe(`${TEXT}\n`)
  expect(lines(stderr)).toEqual([
    'Client <id> sent CONNECT',
    `Client <id> subscribed to ${topic}`,
    'Client <id> sent DISCONNECT',
  ])
}

describe('through mosquitto', () => {
  let broker: Mosquitto
  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  const transports = {
    mqtt: [],
    mqtts: ['--enable-ssl=true', '--CAfile', 'CA'],
    ws: ['--enable-websocket=true'],
    wss: ['--enable-websocket', '--enable-ssl', '--CAfile', 'CA'],
  }

  describe.concurrent.each(Object.keys(transports) as (keyof typeof transports)[])('over %s', (transport) => {
    describe.each(VERSIONS)('in MQTT %s', (version) => {
      it.each(QOS)('a message arrives at QoS %i', async (qos) => {
        const options = transports[transport].map((text) => (text === 'CA' ? broker.certificates.ca.certFile : text))
        await exchange(['-p', `${broker.ports[transport]}`, ...options], version, qos)
      })
    })
  })

  it('--tls-version is the version that is spoken', async () => {
    const argv = ['-p', `${broker.ports.mqtts}`, '--enable-ssl', '--CAfile', broker.certificates.ca.certFile]
    for (const version of ['tlsv1.2', 'tlsv1.3']) {
      const { code } = await emqtt('pub', ...argv, '--tls-version', version, '-t', 'x', '--payload', '')
      expect(code, version).toBe(0)
    }
  })
})

describe('through the embedded broker', () => {
  let broker: EmbeddedBroker
  beforeAll(async () => {
    broker = await startEmbeddedBroker()
  })
  afterAll(() => broker.stop())

  const transports = { mqtt: [], ws: ['--enable-websocket'] }

  describe.concurrent.each(Object.keys(transports) as (keyof typeof transports)[])('over %s', (transport) => {
    describe.each(VERSIONS)('in MQTT %s', (version) => {
      it.each(QOS)('a message arrives at QoS %i', async (qos) => {
        await exchange(['-p', `${broker.ports[transport]}`, ...transports[transport]], version, qos)
      })
    })
  })
})

it('a client certificate is shown to a server that asks for one', async () => {
  await using broker = await startMosquitto({ mtls: true })
  const { ca, client } = broker.certificates
  const argv = ['pub', '--enable-ssl=true', '-p', `${broker.ports.mtls}`, '-t', 'hello', '--payload', 'hello world']
  const files = [`--CAfile=${ca.certFile}`, `--cert=${client.certFile}`, `--key=${client.keyFile}`]
  const shown = await emqtt(...argv, ...files)
  expect(shown.code).toBe(0)
  expect(lines(shown.stderr)).toContain('Client <id> sent PUBLISH (Q0, R0, D0, Topic=hello, Payload=...(11 bytes))')

  const withheld = await emqtt(...argv, `--CAfile=${ca.certFile}`)
  expect(withheld.code).toBe(1)
  expect(lines(withheld.stderr).at(-1)).toMatch(/^emqtt pub: \S/)
})

it('--sni is what the server is asked for, and what its certificate must bear', async () => {
  const { ca, wrongHost } = await certificates()
  const names: string[] = []
  await using server = await startTlsServer(wrongHost, (name) => names.push(name))
  const argv = ['pub', '--enable-ssl', '-p', `${server.port}`, '--CAfile', ca.certFile, '-t', 'x', '--payload', '']
  expect((await emqtt(...argv, '--sni', 'elsewhere.example')).code).toBe(0)
  expect((await emqtt(...argv, '--sni=true', '--verify=false')).code).toBe(0)
  expect((await emqtt(...argv)).code).toBe(1)
  expect((await emqtt(...argv, '--sni', 'nowhere.example')).code).toBe(1)
  expect(names).toEqual(['elsewhere.example', 'localhost', 'localhost', 'nowhere.example'])
})

/** Accepts everybody who speaks TLS; `onName` hears the names that clients ask for. */
async function startTlsServer({ cert, key }: Certificate, onName: (name: string) => void) {
  const SNICallback = (name: string, answer: (error: null) => void): void => {
    onName(name)
    answer(null)
  }
  const server = createServer({ cert, key, SNICallback }, (socket) => {
    socket.on('error', () => {}).once('data', () => socket.write(Uint8Array.from(CONNACK)))
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
