import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { emqttWith, lines, RunningCommand } from './command.js'
import { CONNACK, startPeer } from './peer.js'

let broker: Mosquitto
let server: string[]
beforeAll(async () => {
  broker = await startMosquitto()
  server = ['-p', `${broker.ports.mqtt}`]
})
afterAll(() => broker[Symbol.asyncDispose]())

/** The payloads that arrive, as JSON strings, while `work` publishes to the topic; `last` is the last of them. */
async function arrived(topic: string, count: number, work: () => Promise<unknown>): Promise<string[]> {
  await using sub = new RunningCommand([
    ...['sub', ...server, '-q2', '-t', topic, '--format', 'hex', '--count', `${count}`, '--timeout', '15'],
  ])
  await sub.said('stderr', 'subscribed to')
  await work()
  const { stdout } = await sub.ended
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((hex) => Buffer.from(hex, 'hex').toString('latin1'))
}

describe('a message from stdin', () => {
  it.each([
    ['is all of it, as it is, with the newline of echo', [], 'hi\n'],
    ['may be asked for with --payload -', ['--payload', '-'], 'a\r\n\0\xff\n\n'],
    ['may be empty', ['--payload=-'], ''],
  ])('%s', async (_, argv, input) => {
    const stdin = Buffer.from(input, 'latin1')
    const payloads = await arrived('all', 1, async () => {
      const pub = await emqttWith({ stdin }, 'pub', ...server, '-t', 'all', ...argv)
      expect(pub).toMatchObject({ code: 0, stdout: '' })
      expect(lines(pub.stderr)[1]).toContain(`Payload=...(${stdin.length} bytes)`)
    })
    expect(payloads).toEqual([input])
  })

  it('may be long, and is published as often as --repeat says', async () => {
    const pub = await emqttWith({ stdin: 'x'.repeat(1_000_000) }, 'pub', ...server, '-t', 'x', '-q1', '--repeat', '2')
    expect(pub.code).toBe(0)
    const published = 'Client <id> sent PUBLISH (Q1, R0, D0, Topic=x, Payload=...(1000000 bytes))'
    expect(lines(pub.stderr).slice(1, -1)).toEqual([published, published])
  })

  it('is not looked for where nothing is piped: nobody sends an empty one by accident', async () => {
    const { code, stderr } = await emqttWith({}, 'pub', ...server, '-t', 'x', '-r')
    expect(code).toBe(2)
    expect(stderr).toContain('no message: give --payload <payload> or --file <file>, or pipe it into stdin')
  })

  it('is left in the pipe when there is a --payload: a loop over lines keeps them', async () => {
    const pub = await emqttWith({ stdin: 'open' }, 'pub', ...server, '-t', 'x', '--payload', 'x')
    expect(pub.code).toBe(0)
  })

  it('that never comes ends with --timeout, and with a signal', async () => {
    const late = await emqttWith({ stdin: 'open' }, 'pub', ...server, '-t', 'x', '--timeout', '0.3')
    expect(late).toMatchObject({ code: 124, stderr: 'emqtt pub: not done within the 0.3 s of --timeout\n' })

    const args = ['pub', ...server, '-t', 'x', '--lines', '--log-level', 'info']
    await using pub = new RunningCommand(args, { stdin: 'open' })
    await pub.said('stderr', 'received CONNACK')
    await pub.send('begun')
    pub.kill('SIGINT')
    const { code, stderr } = await pub.ended
    expect(code).toBe(130)
    expect(lines(stderr).slice(2)).toEqual(['Client <id> sent DISCONNECT', 'emqtt pub: interrupted by SIGINT'])
  })
})

describe('--lines', () => {
  it.each([
    ['a message each, the last one also without a newline', 'one\ntwo\nthree', ['one', 'two', 'three']],
    ['CR LF ends a line, too, and a CR elsewhere is part of it', 'one\r\ntwo\rstill\n', ['one', 'two\rstill']],
    ['empty lines are left out', '\none\n\r\n\ntwo\n\n', ['one', 'two']],
    ['bytes stay as they are', 'a\0b\n\xff\xfe\n', ['a\0b', '\xff\xfe']],
  ])('%s', async (_, input, expected) => {
    const payloads = await arrived('lines', expected.length, async () => {
      const stdin = Buffer.from(input, 'latin1')
      const pub = await emqttWith({ stdin }, 'pub', ...server, '-t', 'lines', '-q1', '-l')
      expect(pub.code).toBe(0)
      expect(lines(pub.stderr).filter((line) => line.includes('PUBLISH'))).toHaveLength(expected.length)
    })
    expect(payloads).toEqual(expected)
  })

  it('sends each as soon as it is complete, however it came', async () => {
    await using pub = new RunningCommand(['pub', ...server, '-t', 'x', '--lines'], { stdin: 'open' })
    await pub.said('stderr', 'sent CONNECT')
    await pub.send('be')
    await pub.send('gun\nand')
    await pub.said('stderr', 'Payload=...(5 bytes)')
    pub.end(' the end')
    const { code, stderr } = await pub.ended
    expect(code).toBe(0)
    expect(lines(stderr)[2]).toContain('Payload=...(11 bytes)')
  })

  it('of nothing is no message and no failure', async () => {
    const { code, stderr } = await emqttWith({ stdin: '' }, 'pub', ...server, '-t', 'x', '-l')
    expect(code).toBe(0)
    expect(lines(stderr)).toEqual(['Client <id> sent CONNECT', 'Client <id> sent DISCONNECT'])
  })

  it.each([0, 1, 2])('ten thousand at QoS %i arrive in order', { timeout: 60_000 }, async (qos) => {
    const expected = Array.from({ length: 10_000 }, (_, index) => `line ${index}`)
    const payloads = await arrived('order', expected.length, () =>
      emqttWith({ stdin: expected.join('\n') }, 'pub', ...server, '-t', 'order', `-q${qos}`, '-l'),
    )
    expect(payloads).toEqual(expected)
  })

  it.each([
    ['as many as --max-inflight', ['--max-inflight', '3'], CONNACK, 3],
    ['as many as the server takes', [], [0x20, 6, 0, 0, 3, 0x21, 0, 5], 5],
    ['no more than 256', [], CONNACK, 256],
  ])('has several under way, %s, and ends when all are acknowledged', async (_, argv, connack, most) => {
    await using peer = await startPeer({ connect: connack })
    await using pub = new RunningCommand(
      ['pub', '-h', '127.0.0.1', '-p', `${peer.port}`, '-t', 'x', '-q1', '-l', ...argv],
      { stdin: '0123456789\n'.repeat(1_000) },
    )
    await peer.has(most + 1)
    // The peer is silent: what comes behind an answered PINGREQ would have come before it.
    for (let acknowledged = 0; acknowledged < 1_000; acknowledged++) {
      await peer.has(1 + Math.min(acknowledged + most, 1_000))
      expect(peer.received.length).toBe(1 + Math.min(acknowledged + most, 1_000))
      peer.send([0x40, 2, ...idOf(peer.received[1 + acknowledged]!)])
    }
    expect((await pub.ended).code).toBe(0)
  })

  it('takes no more from stdin than it can send', async () => {
    await using peer = await startPeer({ connect: CONNACK })
    await using pub = new RunningCommand(['pub', '-h', '127.0.0.1', '-p', `${peer.port}`, '-t', 'x', '-q1', '-l'], {
      stdin: 'open',
    })
    let taken = 0
    const piece = 'x'.repeat(99)
    const feeding = (async () => {
      for (; taken < 50_000_000; taken += 100_000) await pub.send(`${piece}\n`.repeat(1_000))
    })()
    feeding.catch(() => {})
    await peer.has(1 + 256)
    // A little is in the pipe and in the buffers of both ends.
    await settled(() => taken)
    expect(taken).toBeLessThan(2_000_000)
    pub.kill('SIGTERM')
    expect((await pub.ended).code).toBe(143)
  })

  it.skipIf(process.platform !== 'linux')('holds little, however much comes', { timeout: 60_000 }, async () => {
    await using pub = new RunningCommand(['pub', ...server, '-t', 'x', '-l'], { stdin: 'open' })
    const piece = `${'x'.repeat(9_999)}\n`.repeat(100)
    for (let sent = 0; sent < 300; sent++) await pub.send(piece)
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pub.pid}/status`, 'utf8'))![1]
    expect(Number(peak)).toBeLessThan(200_000)
    pub.end()
    expect((await pub.ended).code).toBe(0)
  })

  it('ends at the first that is refused, while it waits for the next line', async () => {
    await using peer = await startPeer({ connect: CONNACK, publish: [0x40, 3, 0, 1, 0x87] })
    await using pub = new RunningCommand(['pub', '-h', '127.0.0.1', '-p', `${peer.port}`, '-t', 'x', '-q1', '-l'], {
      stdin: 'open',
    })
    await pub.send('not for you\n')
    const { code, stderr } = await pub.ended
    expect(code).toBe(1)
    expect(lines(stderr).at(-1)).toMatch(/^emqtt pub: .*not authorized/i)
  })
})

/** The Packet Identifier of a PUBLISH to a topic of one letter. */
function idOf(publish: Buffer): [number, number] {
  return [publish[5]!, publish[6]!]
}

/** Resolves once `value` no longer changes. */
async function settled(value: () => number): Promise<void> {
  for (let before = -1; before !== value(); ) {
    before = value()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
