import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { emqtt, lines, RunningCommand } from './command.js'
import { CONNACK, type Script, startPeer } from './peer.js'

const PUB = ['pub', '-t', 'hello', '--payload', 'hello world']
const SUB = ['sub', '-t', 'hello']

/** Runs it to its end, which must be one of exit code 1, and gives the last line, which says why. */
async function failure(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await emqtt(...argv)
  expect(code, stderr).toBe(1)
  expect(stdout).toBe('')
  return lines(stderr).at(-1)!
}

describe('a wrong command line exits 2 with one line', () => {
  it.each([
    [[], 'emqtt: which command, pub, sub or connect? (see emqtt --help)'],
    [['publish'], 'emqtt: there is no command publish (Did you mean pub?) (see emqtt --help)'],
    [['-h', 'localhost'], 'emqtt: there is no option -h (see emqtt --help)'],
    [['\u001b[31m'], 'emqtt: there is no command \\x1b[31m (see emqtt --help)'],
    [
      ['pub', '-t', 'x'],
      'emqtt pub: no message: give --payload <payload> or --file <file>, or pipe it into stdin (see emqtt pub --help)',
    ],
    [
      ['pub', ...PUB.slice(1), '--file', 'x'],
      'emqtt pub: --payload and --file exclude each other (see emqtt pub --help)',
    ],
    [['sub'], "emqtt sub: required option '-t, --topic <filter>' not specified (see emqtt sub --help)"],
    [[...SUB, '--nope'], "emqtt sub: unknown option '--nope' (see emqtt sub --help)"],
    [
      [...SUB, '-V', 'v3.1.1', '--retain-as-publish'],
      'emqtt sub: --retain-as-publish and --retain-handling need MQTT v5 (see emqtt sub --help)',
    ],
  ])('%j', async (argv, line) => {
    expect(await emqtt(...argv)).toEqual({ code: 2, signal: null, stdout: '', stderr: `${line}\n` })
  })

  it('what the client refuses is the caller’s mistake, too, and nothing is sent', async () => {
    const { code, stdout, stderr } = await emqtt(...PUB, '-V', 'v3.1.1', '-P', 'secret')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^emqtt pub: .*username.*\(see emqtt pub --help\)\n$/)
    expect(stderr).not.toContain('secret')
  })
})

describe('help', () => {
  it('of emqtt begins as that of the reference', async () => {
    const { code, stdout, stderr } = await emqtt('--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: emqtt pub \| sub \[--help\]\n/)
  })

  it.each(['pub', 'sub', 'connect'])('of emqtt %s lists the options', async (command) => {
    const { code, stdout, stderr } = await emqtt(command, '--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: emqtt ${command} `))
    for (const option of ['-h, --host', '-V, --protocol-version', '--enable-ssl', '--help'])
      expect(stdout).toContain(option)
  })

  it('is also what emqtt help says', async () => {
    expect(await emqtt('help')).toEqual(await emqtt('--help'))
    expect(await emqtt('help', 'pub')).toEqual(await emqtt('pub', '--help'))
    expect(await emqtt('help', 'publish')).toMatchObject({
      code: 2,
      stderr: 'emqtt: there is no help about publish (see emqtt --help)\n',
    })
  })

  it('--version is that of the package', async () => {
    const { stdout } = await emqtt('--version')
    expect(stdout).toBe(`${manifest.version}\n`)
  })
})

describe('a connection that cannot be made exits 1', () => {
  let broker: Mosquitto
  beforeAll(async () => {
    broker = await startMosquitto({ passwords: { me: 'secret' } })
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  it.each([PUB, SUB])('%s: nobody listens', async (...argv) => {
    const port = await freePort()
    const { code, stderr } = await emqtt(...argv, '-h', '127.0.0.1', '-p', `${port}`)
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`^emqtt ${argv[0]}: .*mqtt://127\\.0\\.0\\.1:${port}.*refused.*\\n$`, 'i'))
  })

  it('a name that does not exist', async () => {
    expect(await failure(...PUB, '-h', 'no-such-host.invalid')).toContain('no-such-host.invalid')
  })

  it.each(['v3.1', 'v3.1.1', 'v5'])('a wrong password in MQTT %s, which is not shown', async (version) => {
    const line = await failure(...PUB, '-V', version, '-p', `${broker.ports.mqtt}`, '-u', 'me', '-P', 'wrong-one')
    expect(line).toMatch(/^emqtt pub: .*(authori[sz]ed|password)/i)
    expect(line).not.toContain('wrong-one')
  })

  it('a right password is taken', async () => {
    expect((await emqtt(...PUB, '-p', `${broker.ports.mqtt}`, '-u', 'me', '-P', 'secret')).code).toBe(0)
  })

  it.each([
    [[], 'mqtts'],
    [['--enable-websocket'], 'wss'],
  ])('%j: the server is verified against the usual authorities', async (argv, listener) => {
    const port = `${broker.ports[listener as 'mqtts' | 'wss']}`
    expect(await failure(...PUB, ...argv, '--enable-ssl', '-p', port)).toMatch(/certificate/)
    const credentials = ['-u', 'me', '-P', 'secret']
    expect((await emqtt(...PUB, ...argv, ...credentials, '--enable-ssl', '-p', port, '--verify=false')).code).toBe(0)
  })

  it('TLS on a port without it', async () => {
    expect(await failure(...PUB, '--enable-ssl', '-p', `${broker.ports.mqtt}`)).toMatch(/TLS/)
  })

  it('WebSocket on a port without it', async () => {
    expect(await failure(...PUB, '--enable-websocket', '-p', `${broker.ports.mqtt}`)).toMatch(/ws:\/\/localhost/)
  })
})

describe('what the server refuses exits 1', () => {
  it.each<[string, string[], Script, RegExp]>([
    ['the connection', PUB, { connect: [0x20, 3, 0, 0x89, 0] }, /^emqtt pub: .*busy/i],
    [
      'a message at QoS 1',
      [...PUB, '-q1'],
      { connect: CONNACK, publish: [0x40, 3, 0, 1, 0x87] },
      /^emqtt pub: .*not authorized/i,
    ],
    [
      'a message at QoS 2',
      [...PUB, '-q2'],
      { connect: CONNACK, publish: [0x50, 3, 0, 1, 0x97] },
      /^emqtt pub: .*quota/i,
    ],
    ['a subscription', SUB, { connect: CONNACK, subscribe: [0x90, 4, 0, 1, 0, 0x87] }, /^emqtt sub: .*hello.*/i],
    [
      'one of two subscriptions',
      [...SUB, '-t', 'other'],
      { connect: CONNACK, subscribe: [0x90, 5, 0, 1, 0, 0, 0x87] },
      /^emqtt sub: .*other.*/i,
    ],
  ])('%s', async (_, argv, script, line) => {
    await using peer = await startPeer(script)
    expect(await failure(...argv, '-h', '127.0.0.1', '-p', `${peer.port}`)).toMatch(line)
  })
})

describe('a connection that is lost exits 1', () => {
  it.each<[string, string[], Script]>([
    ['before CONNACK', PUB, { connect: null }],
    ['before PUBACK', [...PUB, '-q1'], { connect: CONNACK, publish: null }],
    ['before PUBCOMP', [...PUB, '-q2'], { connect: CONNACK, publish: [0x50, 2, 0, 1], pubrel: null }],
    ['before SUBACK', SUB, { connect: CONNACK, subscribe: null }],
    ['between repetitions', [...PUB, '--repeat=2', '--repeat-delay=60'], { connect: CONNACK, publish: null }],
    [
      'because the server says DISCONNECT',
      SUB,
      { connect: CONNACK, subscribe: [0x90, 4, 0, 1, 0, 0, 0xe0, 2, 0x8b, 0] },
    ],
    ['because of nonsense', SUB, { connect: CONNACK, subscribe: [0x90, 4, 0, 1, 0, 0, 0x00, 0] }],
  ])('%s', async (_, argv, script) => {
    await using peer = await startPeer(script)
    expect(await failure(...argv, '-h', '127.0.0.1', '-p', `${peer.port}`)).toMatch(
      new RegExp(`^emqtt ${argv[0]}: \\S`),
    )
  })

  it('sub, when the broker goes', async () => {
    await using broker = await startMosquitto()
    await using sub = new RunningCommand([...SUB, '-p', `${broker.ports.mqtt}`])
    await sub.said('stderr', 'subscribed to')
    await broker.kill()
    const { code, stderr } = await sub.ended
    expect(code).toBe(1)
    expect(lines(stderr).at(-1)).toMatch(/^emqtt sub: \S/)
  })
})

it('a signal before the work is done exits with its number', async () => {
  await using peer = await startPeer({})
  await using sub = new RunningCommand([...SUB, '-h', '127.0.0.1', '-p', `${peer.port}`])
  await sub.said('stderr', 'sent CONNECT')
  sub.kill('SIGTERM')
  const { code, stderr } = await sub.ended
  expect(code).toBe(143)
  expect(lines(stderr)).toEqual(['Client <id> sent CONNECT', 'emqtt sub: interrupted by SIGTERM'])
})

it('a server’s words cannot drive the terminal', async () => {
  const reason = '\u001b[31mred\nline'
  const properties = [0x1f, 0, reason.length, ...Buffer.from(reason)]
  const body = [0, 0x87, properties.length, ...properties]
  await using peer = await startPeer({ connect: [0x20, body.length, ...body] })
  const { stderr } = await emqtt(...PUB, '-h', '127.0.0.1', '-p', `${peer.port}`, '--log-level=debug')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  expect(lines(stderr).at(-1)).toMatch(/^emqtt pub: .*authorized/i)
})

it('no line about a message is printed that was not sent', async () => {
  await using peer = await startPeer({ connect: CONNACK, publish: null })
  const { stderr } = await emqtt(
    ...PUB,
    '-q1',
    '--repeat=3',
    '--max-inflight=1',
    '-h',
    '127.0.0.1',
    '-p',
    `${peer.port}`,
  )
  expect(lines(stderr).filter((line) => line.includes('PUBLISH'))).toHaveLength(1)
})
