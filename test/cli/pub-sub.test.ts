import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

/** What `emqtt sub` printed to stdout until it had all of `last`. */
async function received(sub: RunningCommand, last: string): Promise<string> {
  await sub.said('stdout', last)
  sub.kill('SIGTERM')
  return (await sub.ended).stdout
}

async function subscribed(...argv: string[]): Promise<RunningCommand> {
  const sub = new RunningCommand(['sub', ...server, ...argv])
  await sub.said('stderr', 'subscribed to')
  return sub
}

describe('as the README of the reference shows it', () => {
  it('a shared subscription receives three repetitions at QoS 2, with the payloads alone on stdout', async () => {
    await using sub = await subscribed('-t', '$share/group/hello', '-q', '2')
    const pub = await emqtt('pub', ...server, '-t', 'hello', '--payload', 'hello world', '-q', '2', '--repeat', '3')
    expect(pub).toMatchObject({ code: 0, stdout: '' })
    const published = 'Client <id> sent PUBLISH (Q2, R0, D0, Topic=hello, Payload=...(11 bytes))'
    expect(lines(pub.stderr)).toEqual([
      'Client <id> sent CONNECT',
      published,
      published,
      published,
      'Client <id> sent DISCONNECT',
    ])
    expect(await received(sub, 'hello world\nhello world\nhello world\n')).toBe('hello world\n'.repeat(3))
    expect(lines(sub.stderr)).toEqual([
      'Client <id> sent CONNECT',
      'Client <id> subscribed to $share/group/hello',
      'Client <id> sent DISCONNECT',
    ])
  })

  it('the client id is emqtt-<hostname>-<random hexadecimal digits>, or what -C says', async () => {
    expect((await emqtt('pub', ...server, '-t', 'x', '--payload', 'x')).stderr).toMatch(
      /^Client emqtt-\S+-[0-9a-f]{20} sent CONNECT\n/,
    )
    expect((await emqtt('pub', ...server, '-C', 'me', '-t', 'x', '--payload', 'x')).stderr).toMatch(
      /^Client me sent CONNECT\n/,
    )
  })
})

describe('pub', () => {
  it.each([
    ['an empty payload', ''],
    ['a payload that looks like an option', '--retain'],
    ['a payload in another script', 'こんにちは 🙂'],
  ])('sends %s', async (_, payload) => {
    await using sub = await subscribed('-t', 'payloads')
    expect((await emqtt('pub', ...server, '-t', 'payloads', '--payload', payload)).code).toBe(0)
    expect(await received(sub, `${payload}\n`)).toBe(`${payload}\n`)
  })

  it('sends a file as it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'emqtt-pub-'))
    const path = join(folder, 'payload')
    writeFileSync(path, 'from a file')
    await using sub = await subscribed('-t', 'files')
    expect((await emqtt('pub', ...server, '-t', 'files', '--file', path)).code).toBe(0)
    expect(await received(sub, 'file\n')).toBe('from a file\n')
    rmSync(folder, { recursive: true })
  })

  it('retains a message, which sub gets when it subscribes unless it says not to', async () => {
    const pub = await emqtt('pub', ...server, '-r', '-q1', '-t', 'kept', '--payload', 'retained')
    expect(lines(pub.stderr)[1]).toBe('Client <id> sent PUBLISH (Q1, R1, D0, Topic=kept, Payload=...(8 bytes))')

    await using always = await subscribed('-t', 'kept')
    expect(await received(always, 'retained\n')).toBe('retained\n')
    await using never = await subscribed('-t', 'kept', '--retain-handling', '2', '--retain-as-publish')
    await emqtt('pub', ...server, '-t', 'kept', '--payload', 'live')
    expect(await received(never, 'live\n')).toBe('live\n')
  })

  it.each([
    ['--repeat has all under way at once', ['--repeat=7'], 7],
    ['no more of them than --max-inflight', ['--repeat=7', '--max-inflight=3'], 3],
    ['one at a time with --repeat-delay', ['--repeat=7', '--repeat-delay=0.001'], 1],
  ])('%s', async (_, argv, most) => {
    await using peer = await startPeer({ connect: CONNACK })
    const to = ['pub', '-h', '127.0.0.1', '-p', `${peer.port}`, '-t', 'x', '--payload', 'x', '-q1']
    await using pub = new RunningCommand([...to, ...argv])
    for (let acknowledged = 0; acknowledged < 7; acknowledged++) {
      const sent = Math.min(acknowledged + most, 7)
      await peer.has(1 + sent)
      expect(peer.received).toHaveLength(1 + sent)
      const [, , , , , high, low] = peer.received[1 + acknowledged]!
      peer.send([0x40, 2, high!, low!])
    }
    expect((await pub.ended).code).toBe(0)
  })

  it('waits --repeat-delay seconds between messages', async () => {
    const started = performance.now()
    const { code } = await emqtt('pub', ...server, '-t', 'x', '--payload', 'x', '--repeat=3', '--repeat-delay=0.2')
    expect(code).toBe(0)
    expect(performance.now() - started).toBeGreaterThan(400)
  })

  it('sends from the local address of -I', async () => {
    await using peer = await startPeer({ connect: CONNACK })
    const to = ['-h', '127.0.0.1', '-p', `${peer.port}`, '-I', '127.0.0.3']
    expect((await emqtt('pub', ...to, '-t', 'x', '--payload', '')).code).toBe(0)
    expect(peer.clients).toEqual(['127.0.0.3'])
  })

  it('interrupted before it is done says so, disconnects and exits 130', async () => {
    await using pub = new RunningCommand([
      'pub',
      ...server,
      '-t',
      'x',
      '--payload',
      'x',
      '--repeat=2',
      '--repeat-delay=60',
    ])
    await pub.said('stderr', 'sent PUBLISH')
    pub.kill('SIGINT')
    const { code, stderr } = await pub.ended
    expect(code).toBe(130)
    expect(lines(stderr).slice(2)).toEqual(['Client <id> sent DISCONNECT', 'emqtt pub: interrupted by SIGINT'])
  })
})

describe('sub', () => {
  it('asks for what its options say', async () => {
    await using peer = await startPeer({ connect: CONNACK, subscribe: [0x90, 4, 0, 1, 0, 2] })
    await using sub = new RunningCommand([
      ...['sub', '-h', '127.0.0.1', '-p', `${peer.port}`, '-t', 'hello', '-q', '2'],
      ...['--retain-as-publish', '--retain-handling', '1'],
    ])
    await sub.said('stderr', 'subscribed to hello')
    // §3.8.3.1: QoS 2, Retain As Published, Retain Handling 1.
    expect(peer.received.at(-1)!.at(-1)).toBe(0x02 | 0x08 | 0x10)
  })

  it('takes several filters', async () => {
    await using sub = new RunningCommand(['sub', ...server, '-t', 'first/+', '-t', 'second/#'])
    await sub.said('stderr', 'subscribed to second/#')
    await emqtt('pub', ...server, '-t', 'first/x', '--payload', 'one')
    await emqtt('pub', ...server, '-t', 'second/x/y', '--payload', 'two')
    expect(await received(sub, 'two\n')).toBe('one\ntwo\n')
  })

  it.each([
    ['size', 'received 13 bytes\n'],
    ['as-string', 'gr\ufffd\n'],
  ])('--print %s', async (what, expected) => {
    await using sub = await subscribed('-t', `print/${what}`, '--print', what)
    const folder = mkdtempSync(join(tmpdir(), 'emqtt-sub-'))
    const path = join(folder, 'payload')
    writeFileSync(path, what === 'size' ? '0123456789abc' : Buffer.from('grü').subarray(0, 3))
    await emqtt('pub', ...server, '-t', `print/${what}`, '--file', path)
    expect(await received(sub, '\n')).toBe(expected)
    rmSync(folder, { recursive: true })
  })

  it('ends quietly when nobody reads its payloads any more, as before | head -1', async () => {
    await using sub = await subscribed('-t', 'piped')
    await emqtt('pub', ...server, '-t', 'piped', '--payload', 'first')
    await sub.said('stdout', 'first\n')
    sub.closeStdout()
    await emqtt('pub', ...server, '-t', 'piped', '--payload', 'second')
    const { code, stderr } = await sub.ended
    expect(code).toBe(0)
    expect(lines(stderr).slice(2)).toEqual(['Client <id> sent DISCONNECT'])
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with DISCONNECT and exits 0 on %s', async (signal) => {
    await using sub = await subscribed('-t', 'x')
    sub.kill(signal)
    const { code, stderr } = await sub.ended
    expect(code).toBe(0)
    expect(lines(stderr).slice(2)).toEqual(['Client <id> sent DISCONNECT'])
  })

  it('leaves a will that the server publishes when it vanishes', async () => {
    await using watcher = await subscribed('-t', 'wills')
    const sub = await subscribed('-t', 'x', '--will-topic', 'wills', '--will-payload', 'gone', '--will-qos=1')
    await sub[Symbol.asyncDispose]()
    expect(await received(watcher, 'gone\n')).toBe('gone\n')
  })
})

it('a help that nobody reads to its end is no failure', async () => {
  await using help = new RunningCommand(['pub', '--help'])
  help.closeStdout()
  const { code, stderr } = await help.ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

describe('connect', () => {
  it('stays until interrupted', async () => {
    await using command = new RunningCommand(['connect', ...server, '--log-level', 'info'])
    await command.said('stderr', 'received CONNACK')
    command.kill('SIGINT')
    const { code, stderr } = await command.ended
    expect(code).toBe(0)
    expect(lines(stderr)).toEqual([
      'Client <id> sent CONNECT',
      'Client <id> received CONNACK (session present false, reason 0)',
      'Client <id> sent DISCONNECT',
    ])
  })

  it('tells every packet with --log-level debug', async () => {
    const { stderr } = await emqtt('pub', ...server, '-q', '2', '-t', 'x', '--payload', 'x', '--log-level=debug')
    expect(lines(stderr).map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'Client <id> sent CONNECT',
      'Client <id> received CONNACK',
      'Client <id> sent PUBLISH',
      'Client <id> received PUBREC',
      'Client <id> sent PUBREL',
      'Client <id> received PUBCOMP',
      'Client <id> sent DISCONNECT',
    ])
  })
})
