import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { type Ending, emqtt, emqttWith, RunningCommand } from './command.js'
import { expectGolden, goldenNames, transcript } from './golden.js'
import { CONNACK, type Script, startPeer } from './peer.js'

let broker: Mosquitto
let guarded: Mosquitto
let unused: number
const folder = mkdtempSync(join(tmpdir(), 'emqtt-golden-'))
beforeAll(async () => {
  ;[broker, guarded, unused] = await Promise.all([
    startMosquitto(),
    startMosquitto({ passwords: { me: 'secret' } }),
    freePort(),
  ])
})
afterAll(async () => {
  await Promise.all([broker, guarded].map((each) => each[Symbol.asyncDispose]()))
  rmSync(folder, { recursive: true })
})

/** The words of a command line, in which `<port>` and the like stand for what is known only now. */
function words(line: string): string[] {
  const known: Record<string, string> = {
    '<port>': `${broker.ports.mqtt}`,
    '<tls-port>': `${broker.ports.mqtts}`,
    '<ws-port>': `${broker.ports.ws}`,
    '<guarded-port>': `${guarded.ports.mqtt}`,
    '<unused-port>': `${unused}`,
    '<ca>': broker.certificates.ca.certFile,
    '<folder>': folder,
  }
  return [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) =>
    (quoted ?? word).replaceAll(/<[a-z-]+>/g, (name) => known[name] ?? name),
  )
}

/** What is printed has the names again. */
function expectTranscript(
  name: string,
  line: string,
  ending: Ending,
  more: Record<string, string> = {},
  stdin = '',
): void {
  const replaced = {
    [folder]: '<folder>',
    [broker.certificates.ca.certFile]: '<ca>',
    [`${broker.ports.mqtt}`]: '<port>',
    [`${broker.ports.mqtts}`]: '<tls-port>',
    [`${broker.ports.ws}`]: '<ws-port>',
    [`${guarded.ports.mqtt}`]: '<guarded-port>',
    [`${unused}`]: '<unused-port>',
    ...more,
  }
  expectGolden(name, transcript(words(line), ending, replaced, stdin))
}

/** What runs to its end by itself, as it is typed. */
const COMMANDS: [name: string, line: string, stdin?: string][] = [
  ['help', '--help'],
  ['help-pub', 'pub --help'],
  ['help-sub', 'sub --help'],
  ['help-connect', 'connect --help'],

  ['pub', "pub -p <port> -t hello --payload 'hello world'"],
  ['pub-qos1', "pub -p <port> -t hello --payload 'hello world' -q 1"],
  ['pub-qos2', "pub -p <port> -t hello --payload 'hello world' -q 2"],
  ['pub-retain', "pub -p <port> -t 'hello/kept' --payload '' -r -V v3.1.1"],
  ['pub-repeat', "pub -p <port> -t hello --payload 'hello world' --repeat 3 -q 1"],
  ['pub-will', "pub -p <port> -t hello --payload 'hello world' --will-topic gone --will-payload bye --will-qos 1"],
  ['pub-tls', "pub -p <tls-port> --enable-ssl=true --CAfile=<ca> -t hello --payload 'hello world'"],
  ['pub-websocket', "pub -p <ws-port> --enable-websocket=true -t hello --payload 'hello world'"],
  ['pub-stdin', 'pub -p <port> -t hello', 'hello world\n'],
  ['pub-lines', 'pub -p <port> -t hello --lines -q 2', 'one\n\nthree\n'],
  ['pub-log-info', 'pub -p <port> -t hello --payload x -q 2 --log-level info'],
  ['pub-log-debug', 'pub -p <port> -t hello --payload x -q 2 --log-level debug'],
  ['pub-timeout', 'pub -p <port> -t hello --payload x --repeat 2 --repeat-delay 60 --timeout 1.5'],

  ['connect-timeout', 'connect -p <port> --timeout 1.5'],
  ['sub-timeout', 'sub -p <port> -t silent --timeout 1.5'],
  ['sub-count-timeout', 'sub -p <port> -t silent --count 1 --timeout 1.5'],

  ['fails-no-command', ''],
  ['fails-unknown-command', 'publish -t hello'],
  ['fails-unknown-option', 'pub -t hello --payloda x'],
  ['fails-no-topic', 'sub'],
  ['fails-no-payload', 'pub -t hello'],
  ['fails-two-payloads', 'pub -t hello --payload x --lines'],
  ['fails-wildcard', 'pub -t hello/# --payload x'],
  ['fails-qos', 'sub -t hello -q 3'],
  ['fails-version', 'sub -t hello -V v3.1.1 --retain-handling 2'],
  ['fails-no-file', 'pub -t hello --file <folder>/missing'],
  ['fails-no-tls', 'pub -t hello --payload x --CAfile <ca>'],
  ['fails-two-formats', 'sub -t hello --print --format hex'],
  ['fails-verbose-raw', 'sub -t hello -v --format raw'],
  ['fails-password-alone', 'connect -V v3.1.1 -P secret'],
  ['fails-refused-connection', 'connect -h 127.0.0.1 -p <unused-port>'],
  ['fails-wrong-password', 'connect -p <guarded-port> -u me -P wrong'],
  ['fails-untrusted', 'connect -p <tls-port> --enable-ssl'],
  ['fails-wrong-sni', 'connect -p <tls-port> --enable-ssl --CAfile <ca> --sni other.example'],
]

it.each(COMMANDS)('%s', async (name, line, stdin) => {
  const ending = await emqttWith(stdin === undefined ? {} : { stdin }, ...words(line))
  expectTranscript(name, line, ending, {}, stdin)
})

it('version', async () => {
  expectTranscript('version', '--version', await emqtt('--version'), { [manifest.version]: '<version>' })
})

/** What sub prints for one message, and how it ends when it has that. */
const SUBSCRIPTIONS: [name: string, line: string, publish?: string][] = [
  ['sub', 'sub -p <port> -t <topic>'],
  ['sub-shared', 'sub -p <port> -t $share/group/<topic> -q 2'],
  ['sub-several', 'sub -p <port> -t <topic> -t other/# -q 1'],
  ['sub-format-text', 'sub -p <port> -t <topic> --format text'],
  ['sub-format-json', 'sub -p <port> -t <topic> --format json -q 1'],
  ['sub-format-json-bytes', 'sub -p <port> -t <topic> --format json', '--file <folder>/bytes'],
  ['sub-format-hex', 'sub -p <port> -t <topic> --format hex'],
  ['sub-format-base64', 'sub -p <port> -t <topic> --format base64'],
  ['sub-format-raw', 'sub -p <port> -t <topic> --format raw'],
  ['sub-print-size', 'sub -p <port> -t <topic> --print size'],
  ['sub-print-string', 'sub -p <port> -t <topic> --print', '--file <folder>/bytes'],
  ['sub-verbose', 'sub -p <port> -t <topic> --verbose'],
  ['sub-log-debug', 'sub -p <port> -t <topic> -q 2 --log-level debug'],
]

it.each(SUBSCRIPTIONS)('%s', async (name, line, publish = "--payload 'hello world'") => {
  writeFileSync(join(folder, 'bytes'), Uint8Array.of(0x68, 0x69, 0xff))
  // Of its own, so that these can run while others do.
  const topic = `golden/${name}`
  const counted = `${line.replaceAll('<topic>', topic)} --count 1`
  await using sub = new RunningCommand(words(counted))
  await sub.said('stderr', line.includes('other/#') ? 'subscribed to other/#' : 'subscribed to')
  await emqtt(...words(`pub -p <port> -q 2 -t ${topic} ${publish}`))
  expectTranscript(name, counted, await sub.ended)
})

it.each([
  ['connect', 'connect -p <port> --log-level info', 'received CONNACK', 'SIGINT'],
  ['sub-interrupted', 'sub -p <port> -t hello/interrupted', 'subscribed to', 'SIGTERM'],
  ['pub-interrupted', 'pub -p <port> -t x --payload x --repeat 2 --repeat-delay 60', 'sent PUBLISH', 'SIGINT'],
] as const)('%s', async (name, line, said, signal) => {
  await using command = new RunningCommand(words(line))
  await command.said('stderr', said)
  command.kill(signal)
  expectTranscript(name, line, await command.ended)
})

/** What the server says or does on which a command fails. */
const REFUSALS: [name: string, line: string, script: Script][] = [
  ['fails-busy', 'connect -h 127.0.0.1 -p <peer>', { connect: [0x20, 3, 0, 0x89, 0] }],
  [
    'fails-publish',
    'pub -h 127.0.0.1 -p <peer> -t hello --payload x -q 1',
    { connect: CONNACK, publish: [0x40, 3, 0, 1, 0x87] },
  ],
  ['fails-subscribe', 'sub -h 127.0.0.1 -p <peer> -t hello', { connect: CONNACK, subscribe: [0x90, 4, 0, 1, 0, 0x87] }],
  [
    'fails-subscribe-second',
    'sub -h 127.0.0.1 -p <peer> -t hello -t other',
    { connect: CONNACK, subscribe: [0x90, 5, 0, 1, 0, 0, 0x87] },
  ],
  ['fails-lost', 'pub -h 127.0.0.1 -p <peer> -t hello --payload x -q 1', { connect: CONNACK, publish: null }],
  [
    'fails-shut-down',
    'sub -h 127.0.0.1 -p <peer> -t hello',
    { connect: CONNACK, subscribe: [0x90, 4, 0, 1, 0, 0, 0xe0, 2, 0x8b, 0] },
  ],
]

it.each(REFUSALS)('%s', async (name, line, script) => {
  await using peer = await startPeer(script)
  const argv = words(line.replaceAll('<peer>', `${peer.port}`))
  const golden = transcript(argv, await emqtt(...argv), { [`${peer.port}`]: '<peer>' })
  expectGolden(name, golden)
})

describe('golden/', () => {
  it('holds nothing that no test compares with', () => {
    const groups = [COMMANDS, SUBSCRIPTIONS, REFUSALS].flatMap((group) => group.map(([name]) => name))
    const names = [...groups, 'version', 'connect', 'sub-interrupted', 'pub-interrupted']
    expect(goldenNames().sort()).toEqual(names.sort())
  })
})
