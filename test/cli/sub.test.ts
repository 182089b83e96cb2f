import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../../platform/node/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { emqtt, lines, RunningCommand } from './command.js'
import { CONNACK, startPeer } from './peer.js'

let broker: Mosquitto
let server: string[]
beforeAll(async () => {
  broker = await startMosquitto()
  server = ['-p', `${broker.ports.mqtt}`]
})
afterAll(() => broker[Symbol.asyncDispose]())

async function subscribed(...argv: string[]): Promise<RunningCommand> {
  const sub = new RunningCommand(['sub', ...server, ...argv])
  await sub.said('stderr', 'subscribed to')
  return sub
}

describe('--format and --verbose, in a pipe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'emqtt-format-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const UTF8 = Buffer.from('a\u001b[1m\n\tü🙂')
  const BYTES = Buffer.from([0x61, 0xff, 0x00, 0x0a])

  it.each<[string[], Buffer, string | Buffer]>([
    [[], BYTES, Buffer.concat([BYTES, Buffer.from('\n')])],
    [['--format', 'text'], UTF8, `${UTF8}\n`],
    [['--format', 'raw'], BYTES, BYTES],
    [['--format', 'hex'], BYTES, '61ff000a\n'],
    [['--format', 'base64'], BYTES, 'Yf8ACg==\n'],
    [['--format', 'hex'], Buffer.alloc(0), '\n'],
    [['-v'], UTF8, `look/1 ${UTF8}\n`],
    [['-v', '--format=hex'], BYTES, 'look/1 61ff000a\n'],
    [['--verbose', '--print', 'size'], BYTES, 'look/1 received 4 bytes\n'],
  ])('%j', async (argv, payload, expected) => {
    const file = join(folder, 'payload')
    writeFileSync(file, payload)
    await using sub = await subscribed('-t', 'look/#', '--count=1', ...argv)
    await emqtt('pub', ...server, '-t', 'look/1', '--file', file)
    const { code, stdout } = await sub.ended
    expect(code).toBe(0)
    // What is not UTF-8 becomes U+FFFD on the way here, on both sides.
    expect(stdout).toBe(expected.toString())
  })

  it('a topic cannot pass for two lines', async () => {
    await using peer = await startPeer({
      connect: CONNACK,
      subscribe: [0x90, 4, 0, 1, 0, 0, 0x30, 8, 0, 3, ...Buffer.from('a\nb'), 0, ...Buffer.from('hi')],
    })
    const { stdout } = await emqtt('sub', '-h', '127.0.0.1', '-p', `${peer.port}`, '-t', '#', '-v', '--count', '1')
    expect(stdout).toBe('a\\nb hi\n')
  })

  it('json has one line for each message, with all that came', async () => {
    await using client = new Client({ port: broker.ports.mqtt, host: '127.0.0.1', protocolVersion: 5 })
    await client.connect()
    await using sub = await subscribed('-t', 'json/#', '-q2', '--format', 'json', '--count=3')
    const before = Date.now()
    await client.publish('json/text', 'grüß\n"dich"', { qos: 1 })
    await client.publish('json/bytes', BYTES, {
      qos: 2,
      properties: {
        contentType: 'x/y',
        correlationData: Uint8Array.of(1, 2, 255),
        userProperties: [
          ['a', '1'],
          ['a', '2'],
        ],
      },
    })
    await client.publish('json/bom', '\ufeff')
    const { code, stdout } = await sub.ended
    expect(code).toBe(0)
    const messages = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
    for (const { time } of messages) {
      expect(new Date(time).toISOString()).toBe(time)
      expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
    }
    expect(messages.map(({ time, ...others }) => others)).toEqual([
      { topic: 'json/text', qos: 1, retain: false, dup: false, packetId: 1, payload: 'grüß\n"dich"' },
      {
        topic: 'json/bytes',
        qos: 2,
        retain: false,
        dup: false,
        packetId: 2,
        properties: {
          contentType: 'x/y',
          correlationData: 'AQL/',
          userProperties: [
            ['a', '1'],
            ['a', '2'],
          ],
        },
        payloadBase64: 'Yf8ACg==',
      },
      { topic: 'json/bom', qos: 0, retain: false, dup: false, payload: '\ufeff' },
    ])
  })
})

describe('--count', () => {
  const publish = (qos: number, id: number): number[] => [0x30 | (qos << 1), 7, 0, 1, 0x78, 0, id, 0, 0x30 + id]
  const SUBACK = [0x90, 4, 0, 1, 0, 2]
  const toPeer = (port: number): string[] => ['sub', '-h', '127.0.0.1', '-p', `${port}`, '-t', 'x', '-q2', '--count=2']

  it('ends with 0 after so many, which are acknowledged, and leaves those beyond it to the server', async () => {
    const messages = [...publish(1, 1), ...publish(1, 2), ...publish(1, 3)]
    await using peer = await startPeer({ connect: CONNACK, subscribe: [...SUBACK, ...messages] })
    const { code, stdout, stderr } = await emqtt(...toPeer(peer.port))
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n2\n' })
    expect(lines(stderr).at(-1)).toBe('Client <id> sent DISCONNECT')
    await peer.has(5)
    expect(peer.received.slice(2).map((packet) => [...packet.subarray(0, 4)])).toEqual([
      [0x40, 2, 0, 1],
      [0x40, 2, 0, 2],
      [0xe0, 0],
    ])
  })

  it('at QoS 2 sends the last PUBCOMP before it ends', async () => {
    await using peer = await startPeer({
      connect: CONNACK,
      subscribe: [...SUBACK, ...publish(2, 1), ...publish(2, 2)],
    })
    await using sub = new RunningCommand(toPeer(peer.port))
    await peer.has(4)
    await sub.said('stdout', '1\n2\n')
    peer.send([0x62, 2, 0, 1])
    await peer.has(5)
    peer.send([0x62, 2, 0, 2])
    expect((await sub.ended).code).toBe(0)
    await peer.has(7)
    expect(peer.received.slice(2).map((packet) => packet[0])).toEqual([0x50, 0x50, 0x70, 0x70, 0xe0])
  })

  it('counts retained messages that come before SUBACK', async () => {
    await using peer = await startPeer({ connect: CONNACK, subscribe: [...publish(1, 1), ...publish(1, 2), ...SUBACK] })
    expect(await emqtt(...toPeer(peer.port))).toMatchObject({ code: 0, stdout: '1\n2\n' })
  })

  it('not reached before a signal is a failure', async () => {
    await using sub = await subscribed('-t', 'never', '--count', '1')
    sub.kill('SIGINT')
    const { code, stderr } = await sub.ended
    expect(code).toBe(130)
    expect(lines(stderr).slice(-2)).toEqual(['Client <id> sent DISCONNECT', 'emqtt sub: interrupted by SIGINT'])
  })

  it('ends also where nobody reads any more', async () => {
    await using sub = await subscribed('-t', 'piped', '--count', '100')
    sub.closeStdout()
    await emqtt('pub', ...server, '-t', 'piped', '--payload', 'x')
    expect((await sub.ended).code).toBe(0)
  })
})

describe('--timeout', () => {
  // Long enough to connect and to subscribe on a machine that is busy.
  it.concurrent.each([
    [['sub', '-t', 'silent'], 0],
    [['connect'], 0],
    [['sub', '-t', 'silent', '--count', '1'], 124],
    [['pub', '-t', 'x', '--payload', 'x', '--repeat=2', '--repeat-delay=60'], 124],
  ])('%j ends with %i, and DISCONNECT', async ([command, ...argv], code) => {
    const ended = await emqtt(command!, ...server, ...argv, '--timeout', '1.5')
    expect(ended.code).toBe(code)
    const last = lines(ended.stderr).slice(code === 0 ? -1 : -2)
    expect(last[0]).toBe('Client <id> sent DISCONNECT')
    if (code !== 0) expect(last[1]).toBe(`emqtt ${command}: not done within the 1.5 s of --timeout`)
  })

  it.each([['connect'], ['sub', '-t', 'x'], ['pub', '-t', 'x', '--payload', 'x']])(
    '%s: a server that does not answer in time is a failure',
    async (...argv) => {
      await using peer = await startPeer({})
      const ended = await emqtt(...argv, '-h', '127.0.0.1', '-p', `${peer.port}`, '--timeout', '0.3')
      expect(ended.code).toBe(124)
    },
  )

  it('does not keep who is done', async () => {
    const started = performance.now()
    expect((await emqtt('pub', ...server, '-t', 'x', '--payload', 'x', '--timeout', '3600')).code).toBe(0)
    expect(performance.now() - started).toBeLessThan(60_000)
  })
})

it('a message that the reader has no room for is not acknowledged before it has', async () => {
  await using client = new Client({ port: broker.ports.mqtt, host: '127.0.0.1', protocolVersion: 5 })
  await client.connect()
  const argv = ['-t', 'slow', '-q1', '--format', 'raw', '--count', '40', '--log-level', 'debug']
  await using sub = await subscribed(...argv)
  sub.pauseStdout()
  const payload = new Uint8Array(100_000).fill(0x78)
  await Promise.all(Array.from({ length: 40 }, () => client.publish('slow', payload, { qos: 1 })))
  const lastReceived = 'received PUBLISH (QoS 1, topic slow, id 40)'
  await sub.said('stderr', lastReceived)
  // Some fit into the pipe.
  expect(sub.stderr.split('sent PUBACK').length - 1).toBeLessThan(30)
  sub.resumeStdout()
  const { code, stdout, stderr } = await sub.ended
  expect(code).toBe(0)
  expect(stdout).toBe('x'.repeat(4_000_000))
  expect(stderr.split('sent PUBACK').length - 1).toBe(40)
  expect(stderr).not.toContain('Warning')
})

it('a signal ends it with DISCONNECT also where nobody reads on, and a second one at once', async () => {
  await using client = new Client({ port: broker.ports.mqtt, host: '127.0.0.1', protocolVersion: 5 })
  await client.connect()
  await using sub = await subscribed('-t', 'stuck', '--format', 'raw', '--log-level', 'debug')
  sub.pauseStdout()
  // More than a pipe holds.
  await client.publish('stuck', new Uint8Array(4_000_000), { qos: 1 })
  await sub.said('stderr', 'received PUBLISH')
  sub.kill('SIGTERM')
  await sub.said('stderr', 'sent DISCONNECT')
  sub.kill('SIGTERM')
  await sub.exited
  sub.resumeStdout()
  const { stdout } = await sub.ended
  expect(stdout.length).toBeLessThan(4_000_000)
})
