/** The command line in a real process: what others wrote cannot drive the terminal, and no secret is printed. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encodePacket, type PacketInput } from '../../src/codec/index.js'
import { type Ending, emqttWith, RunningCommand } from '../cli/command.js'
import { type Peer, type Script, startPeer } from '../cli/peer.js'
import { HAS_TERMINAL, Terminal } from '../cli/terminal.js'
import { freePort } from '../support/ports.js'
import { leaks } from './secrets.js'

const folder = mkdtempSync(join(tmpdir(), 'emqtt-security-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Clears a screen in two ways, sets a title, ends the line and forges another, reorders, and rings. */
const NASTY = 'a\u001b[2J\u009b2J\u001b]0;owned\u0007\r\nClient forged\u2028\u202eb\u2066\u007f\u0085c'
const SHOWN = 'a\\x1b[2J\\x9b2J\\x1b]0;owned\\x07\\r\\nClient forged\\u2028\\u202eb\\u2066\\x7f\\x85c'
/** Whatever could drive or mislead, but the end of a line. */
const FORBIDDEN = new Set(NASTY.split('').filter((sign) => sign !== '\n' && !/[\w[\];. ]/.test(sign)))

const bytes = (packet: PacketInput): number[] => [...encodePacket(packet, 5)]
const properties = { reasonString: NASTY, userProperties: [[NASTY, NASTY]] as [string, string][] }

function expectHarmless(text: string): void {
  expect([...FORBIDDEN].filter((sign) => text.includes(sign))).toEqual([])
  expect(text.split('\n').filter((line) => line.startsWith('Client forged'))).toEqual([])
}

/** Runs the command in a pipe and, where there is one, on a terminal, against a peer that says the same each time. */
async function tryBoth(script: Script, argv: (port: string) => string[], then?: (peer: Peer) => Promise<void>) {
  const endings: Ending[] = []
  for (const Runner of HAS_TERMINAL ? [RunningCommand, Terminal] : [RunningCommand]) {
    await using peer = await startPeer(script)
    await using command = new Runner(argv(String(peer.port)))
    await then?.(peer)
    const { stdout, ...ending } = await command.ended
    endings.push({ ...ending, stdout: Runner === Terminal ? stdout.replaceAll('\r\n', '\n') : stdout })
  }
  for (const { stdout, stderr } of endings) {
    expectHarmless(stdout)
    expectHarmless(stderr)
  }
  return endings.map(({ code, stdout, stderr }) => ({ code, said: stdout + stderr }))
}

const DEBUG = ['--log-level', 'debug']
const accepted = bytes({ type: 'connack' })

describe('a hostile server', () => {
  it.each([
    ['connect', { type: 'connack', reasonCode: 0x87, properties }],
    ['connect', { type: 'disconnect', reasonCode: 0x87, properties }],
    ['subscribe', { type: 'suback', packetId: 1, reasonCodes: [0x87], properties }],
    ['subscribe', { type: 'disconnect', reasonCode: 0x9d, properties: { ...properties, serverReference: NASTY } }],
  ] as [keyof Script, PacketInput][])('cannot drive a terminal by what it answers to %s: %j', async (when, packet) => {
    const script: Script = { connect: accepted, [when]: bytes(packet) }
    const endings = await tryBoth(script, (port) => ['sub', '-p', port, '-t', 'x', ...DEBUG])
    for (const { code, said } of endings) {
      expect(code).toBe(1)
      if (packet.type !== 'disconnect' || when !== 'connect') expect(said).toContain(SHOWN)
    }
  })

  it('cannot drive it by what it answers to a message', async () => {
    const script = { connect: accepted, publish: bytes({ type: 'puback', packetId: 1, reasonCode: 0x87, properties }) }
    const argv = (port: string) => ['pub', '-p', port, '-t', NASTY, '--payload', NASTY, '-q1', ...DEBUG]
    // The peer takes short packets only.
    for (const { code, said } of await tryBoth(script, argv)) {
      expect(code).toBe(1)
      expect(said).toContain(`emqtt pub: the server refused the message for`)
      expect(said).toContain(SHOWN)
    }
  })

  it('cannot drive it by the client id that it gives', async () => {
    const connect = bytes({ type: 'connack', properties: { assignedClientIdentifier: NASTY } })
    const argv = (port: string) => ['connect', '-p', port, '-C', '', '--timeout', '1', ...DEBUG]
    for (const { code, said } of await tryBoth({ connect }, argv)) {
      expect(code).toBe(0)
      expect(said).toContain(`Client ${SHOWN} `)
    }
  })

  const message = {
    type: 'publish',
    topic: NASTY,
    payload: Buffer.from('plain'),
    properties: { contentType: NASTY, userProperties: properties.userProperties },
  } as const
  it.each([
    ['text', [SHOWN, ' plain']],
    ['hex', [SHOWN, ` ${Buffer.from('plain').toString('hex')}`]],
    ['base64', [SHOWN, ` ${btoa('plain')}`]],
  ])('cannot drive it by the topic and the properties of a message, printed as %s', async (format, expected) => {
    const script = {
      connect: accepted,
      subscribe: [...bytes({ type: 'suback', packetId: 1, reasonCodes: [0] }), ...bytes(message)],
    }
    const argv = (port: string) => ['sub', '-p', port, '-t', '#', '-v', '--format', format, '--count', '1', ...DEBUG]
    for (const { code, said } of await tryBoth(script, argv)) {
      expect(code).toBe(0)
      expect(said).toContain(expected.join(''))
    }
  })

  it('cannot drive it by a message printed as JSON, which holds all of it as data', async () => {
    const script = {
      connect: accepted,
      subscribe: [
        ...bytes({ type: 'suback', packetId: 1, reasonCodes: [0] }),
        ...bytes({ ...message, payload: Buffer.from(NASTY) }),
      ],
    }
    const argv = (port: string) => ['sub', '-p', port, '-t', '#', '--format', 'json', '--count', '1']
    for (const { code, said } of await tryBoth(script, argv)) {
      expect(code).toBe(0)
      const line = said.split('\n').find((each) => each.startsWith('{')) as string
      expect(JSON.parse(line)).toMatchObject({ topic: NASTY, payload: NASTY, properties: message.properties })
    }
  })

  it('has its payload left as it is in a pipe, and wherever it is asked for raw', async () => {
    const script = {
      connect: accepted,
      subscribe: [
        ...bytes({ type: 'suback', packetId: 1, reasonCodes: [0] }),
        ...bytes({ type: 'publish', topic: 't', payload: Buffer.from(NASTY) }),
      ],
    }
    for (const [format, expected] of [
      ['text', `${NASTY}\n`],
      ['raw', NASTY],
    ] as const) {
      await using peer = await startPeer(script)
      await using sub = new RunningCommand([
        'sub',
        '-p',
        String(peer.port),
        '-t',
        't',
        '--count',
        '1',
        '--format',
        format,
      ])
      expect((await sub.ended).stdout).toBe(expected)
    }
  })
})

it.each([
  ['pub', '-t', 't', '--file', NASTY],
  ['pub', '-t', 't', '--payload', 'x', '--password-file', NASTY],
  ['pub', '-t', 't', '--payload', 'x', '--enable-ssl', '--CAfile', NASTY],
  ['pub', '-t', 't', '--payload', 'x', '--iface', NASTY],
  ['pub', '-t', 't', '--payload', 'x', '-q', NASTY],
  ['pub', '-t', 't', '--payload', 'x', `--${NASTY}`],
  ['pub', '-t', 't', '--payload', 'x', '-h', NASTY],
  [NASTY],
  ['help', NASTY],
])('a name that was given to %s does not drive the terminal, either', async (...argv) => {
  const { code, stdout, stderr } = await emqttWith({}, ...argv)
  expect(code).toBe(2)
  expectHarmless(stdout + stderr)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

describe('a secret', () => {
  const SECRET = 'S3cr3t-Marker'
  const file = join(folder, 'password')
  writeFileSync(file, `${SECRET}\n`)
  const GIVEN: [string, string[], Record<string, string>][] = [
    ['--password', ['-u', 'u', '-P', SECRET], {}],
    ['--password-file', ['-u', 'u', '--password-file', file], {}],
    ['the environment', [], { EMQTT_USERNAME: SECRET, EMQTT_PASSWORD: SECRET }],
  ]
  const COMMANDS = [
    ['pub', '-t', 't', '--payload', SECRET, '--will-topic', 'w', '--will-payload', SECRET],
    ['sub', '-t', 't', '--format', 'json'],
    ['connect'],
  ]

  it.each(GIVEN)(
    'by %s is printed by no command, whatever goes wrong, at the level debug, and not by the help',
    async (_, argv, env) => {
      for (const command of COMMANDS) {
        const scripts: (Script | undefined)[] = [
          undefined,
          { connect: bytes({ type: 'connack', reasonCode: 0x86 }) },
          { connect: null },
          { connect: [0xff] },
          { connect: accepted, publish: null, subscribe: null },
        ]
        for (const script of scripts) {
          await using peer = script && (await startPeer(script))
          const port = String(peer?.port ?? (await freePort()))
          const { code, stdout, stderr } = await emqttWith(
            { env },
            ...command,
            ...argv,
            '-p',
            port,
            '--timeout',
            '1',
            ...DEBUG,
          )
          expect(code === null || stderr === '').toBe(false)
          expect(leaks(stdout + stderr, [SECRET])).toEqual([])
        }
        const { stdout, stderr } = await emqttWith({ env }, command[0] as string, '--help')
        expect(leaks(stdout + stderr, [SECRET])).toEqual([])
      }
    },
    60_000,
  )

  it.each([
    [['pub', '-t', 't', '--payload', 'x', `--pasword=${SECRET}`], "unknown option '--pasword'"],
    [['pub', '-t', 't', '--payload', 'x', `-X${SECRET}`], "unknown option '-X'"],
    [['pub', '-t', 't', '--payload', 'x', '-h', `mqtt://u:${SECRET}@h`], 'host: expected a name'],
    [['pub', '-t', 't', '--payload', 'x', '-P', SECRET, '-V', 'v3.1'], 'needs --username'],
    [['pub', '-t', 't', '--payload', 'x', '--enable-ssl', '--key', file, '--cert', file], 'emqtt pub: '],
    [[`mqtt://u:${SECRET}@h`], 'there is no command mqtt'],
    [[`--password=${SECRET}`], 'there is no option --password'],
    [['help', `u:${SECRET}`], 'there is no help about u'],
  ])('in the wrong place is not shown: %j', async (argv, expected) => {
    const { code, stdout, stderr } = await emqttWith({}, ...argv)
    expect(code).not.toBe(0)
    expect(stderr).toContain(expected)
    expect(leaks(stdout + stderr, [SECRET])).toEqual([])
  })
})
