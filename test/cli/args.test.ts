import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from '../../cli/args.js'
import { Failure } from '../../cli/failure.js'

const PUB = ['-t', 'hello', '--payload', 'hello world']
const SUB = ['-t', 'hello']

function pub(...argv: string[]) {
  return parse('pub', [...PUB, ...argv])!
}

function sub(...argv: string[]) {
  return parse('sub', [...SUB, ...argv])!
}

/** What parsing said when it refused. */
function refusal(parsing: () => unknown): string {
  try {
    parsing()
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    expect((error as Failure).exitCode).toBe(2)
    return (error as Failure).message
  }
  throw new Error('it was taken')
}

const folder = mkdtempSync(join(tmpdir(), 'emqtt-args-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('without options', () => {
  it('pub has the defaults of the reference', () => {
    const { values, options } = pub()
    expect(values).toMatchObject({
      topic: 'hello',
      payload: 'hello world',
      qos: 0,
      retain: false,
      repeat: 1,
      repeatDelay: 0,
    })
    expect(options).toEqual({
      host: 'localhost',
      port: 1883,
      protocolVersion: 5,
      keepAlive: 300,
      clientId: expect.any(String),
      reconnect: false,
    })
  })

  it('sub has the defaults of the reference', () => {
    const { values, options } = sub()
    expect(values).toMatchObject({ topic: ['hello'], qos: 0, retainAsPublish: false, retainHandling: 0 })
    expect(options).toMatchObject({ host: 'localhost', port: 1883, protocolVersion: 5, keepAlive: 300 })
  })

  it('the client id of MQTT 3.1 fits into the 23 characters that it has room for', () => {
    const { clientId } = pub('-V', 'v3.1').options
    expect(clientId).toMatch(/^emqtt-.{1,4}-[0-9a-f]{12}$/)
    expect(clientId!.length).toBeLessThanOrEqual(23)
  })

  it('the client id is emqtt-<hostname>-<20 hexadecimal digits>, another one each time', () => {
    const { clientId } = pub().options
    expect(clientId!.slice(0, -20)).toBe(`emqtt-${hostname()}-`)
    expect(clientId!.slice(-20)).toMatch(/^[0-9a-f]{20}$/)
    expect(pub().options.clientId).not.toBe(clientId)
  })
})

/** The option, the text of a value, and what it becomes, in the values or (`options.…`) in the client's options. */
const VALUED: [
  command: 'pub' | 'sub' | 'both',
  short: string,
  long: string,
  text: string,
  where: string,
  value: unknown,
][] = [
  ['both', '-h', '--host', 'example.org', 'options.host', 'example.org'],
  ['both', '-h', '--host', '::1', 'options.host', '::1'],
  ['both', '-p', '--port', '8083', 'options.port', 8083],
  ['both', '-I', '--iface', '127.0.0.2', 'options.tcp', { localAddress: '127.0.0.2', family: 4 }],
  ['both', '-V', '--protocol-version', 'v3.1', 'options.protocolVersion', 3],
  ['both', '-V', '--protocol-version', 'v3.1.1', 'options.protocolVersion', 4],
  ['both', '-V', '--protocol-version', 'v5', 'options.protocolVersion', 5],
  ['both', '-u', '--username', 'müller', 'options.username', 'müller'],
  ['both', '-P', '--password', 'a=b c', 'options.password', 'a=b c'],
  ['both', '-C', '--clientid', 'reader-1', 'options.clientId', 'reader-1'],
  ['both', '-k', '--keepalive', '0', 'options.keepAlive', 0],
  ['both', '-k', '--keepalive', '65535', 'options.keepAlive', 65_535],
  ['pub', '-t', '--topic', '$SYS/ünï', 'values.topic', '$SYS/ünï'],
  ['pub', '-q', '--qos', '1', 'values.qos', 1],
  ['pub', '-q', '--qos', '2', 'values.qos', 2],
  ['sub', '-q', '--qos', '2', 'values.qos', 2],
  ['pub', '-r', '--retain', 'true', 'values.retain', true],
  ['pub', '-r', '--retain', 'false', 'values.retain', false],
  ['pub', '-r', '--retain', '1', 'values.retain', true],
  ['pub', '-r', '--retain', '0', 'values.retain', false],
  ['pub', '', '--payload', '🙂 a=b', 'values.payload', '🙂 a=b'],
  ['pub', '', '--repeat', '3', 'values.repeat', 3],
  ['pub', '', '--repeat-delay', '2', 'values.repeatDelay', 2],
  ['pub', '', '--repeat-delay', '0.5', 'values.repeatDelay', 0.5],
  ['pub', '', '--repeat-count', '2', 'values.repeatDelay', 2],
  ['pub', '', '--max-inflight', '7', 'options.maxInflight', 7],
  ['sub', '', '--retain-as-publish', 'true', 'values.retainAsPublish', true],
  ['sub', '', '--retain-as-publish', '1', 'values.retainAsPublish', true],
  ['sub', '', '--retain-as-publish', '0', 'values.retainAsPublish', false],
  ['sub', '', '--retain-handling', '2', 'values.retainHandling', 2],
  ['sub', '', '--print', 'size', 'values.print', 'size'],
  ['sub', '', '--format', 'json', 'values.format', 'json'],
  ['sub', '', '--count', '4294967295', 'values.count', 4_294_967_295],
  ['sub', '-v', '--verbose', 'true', 'values.verbose', true],
  ['pub', '-l', '--lines', 'true', 'values.lines', true],
  ['both', '', '--timeout', '1.5', 'values.timeout', 1.5],
  ['both', '', '--will-topic', 'gone', 'options.will', { topic: 'gone' }],
  ['both', '', '--enable-websocket', 'true', 'options.transport', 'ws'],
  ['both', '', '--enable-websocket', 'false', 'options.transport', undefined],
  ['both', '', '--enable-ssl', 'true', 'options.transport', 'tls'],
  ['both', '', '--enable-ssl', '1', 'options.port', 8883],
  ['both', '', '--enable-ssl', 'false', 'options.port', 1883],
  ['both', '', '--log-level', 'debug', 'values.logLevel', 'debug'],
]

describe('an option with a value', () => {
  const cases = VALUED.flatMap(([command, short, long, text, where, value]) => {
    const spellings = [[long, text], [`${long}=${text}`]]
    if (short !== '') spellings.push([short, text], [`${short}${text}`])
    const commands = command === 'both' ? (['pub', 'sub', 'connect'] as const) : ([command] as const)
    return commands.flatMap((name) => spellings.map((argv) => ({ name, argv, where, value })))
  })

  it.each(cases)('$name $argv: $where is $value', ({ name, argv, where, value }) => {
    // The one tried comes last and wins.
    const needed = { pub: PUB, sub: SUB, connect: [] }[name]
    const [part, key] = where.split('.') as ['values' | 'options', string]
    const parsed = parse(name, [...needed, ...argv])! as unknown as Record<string, Record<string, unknown>>
    expect(parsed[part]![key]).toEqual(value)
  })

  it('that is optional has its default where the value is left out, also before another option', () => {
    const { values, options } = pub('-h', '-V', '-k', '-q', '--repeat', '--repeat-delay', '-u', 'me')
    expect(options).toMatchObject({ host: 'localhost', protocolVersion: 5, keepAlive: 300, username: 'me' })
    expect(values).toMatchObject({ qos: 0, repeat: 1, repeatDelay: 0 })
  })

  it.each([['-r'], ['--retain'], ['--retain=true'], ['--retain=TRUE']])('a switch is on with %s', (spelling) => {
    expect(pub(spelling).values.retain).toBe(true)
    expect(pub(spelling, '-q', '1').values).toMatchObject({ retain: true, qos: 1 })
  })

  it('wins over the same one before it', () => {
    expect(pub('-q', '1', '--qos=2').values.qos).toBe(2)
    expect(pub('--repeat-delay', '1', '--repeat-count', '2').values.repeatDelay).toBe(2)
    expect(pub('--repeat-count', '1', '--repeat-delay=2').values.repeatDelay).toBe(2)
  })

  it('of sub -t is collected', () => {
    expect(sub('--topic=$share/group/hello', '-ta/#').values.topic).toEqual(['hello', '$share/group/hello', 'a/#'])
  })
})

describe('a value of a kind that is often mistaken', () => {
  it.each(['-5', '--retain', '--help', '--', '-', '', '=', ' ', 'a\nb'])('payload %j is the payload', (payload) => {
    expect(parse('pub', ['-t', 'hello', '--payload', payload])!.values.payload).toBe(payload)
    expect(parse('pub', ['-t', 'hello', `--payload=${payload}`])!.values.payload).toBe(payload)
  })

  it('a password that begins with a dash is a password', () => {
    expect(pub('-P', '-secret').options.password).toBe('-secret')
    expect(pub('--password', '--secret').options.password).toBe('--secret')
  })
})

describe('the transport', () => {
  it.each([
    [[], { port: 1883 }],
    [['--enable-ssl'], { transport: 'tls', port: 8883, tls: { minVersion: 'TLSv1.2' } }],
    [['--enable-ssl=true', '-p', '1'], { transport: 'tls', port: 1 }],
    [['--enable-websocket'], { transport: 'ws', port: 1883 }],
    [['--enable-websocket', '-p8083'], { transport: 'ws', port: 8083 }],
    [['--enable-ssl', '--enable-websocket'], { transport: 'wss', port: 8883 }],
    [['--enable-websocket', '--enable-ssl'], { transport: 'wss', port: 8883 }],
  ])('%j', (argv, expected) => {
    expect(pub(...argv).options).toMatchObject(expected)
  })

  it.each([
    ['tlsv1.3', 'TLSv1.3'],
    ['tlsv1.2', 'TLSv1.2'],
    ['tlsv1.1', 'TLSv1.1'],
    ['tlsv1', 'TLSv1'],
  ])('--tls-version %s speaks that version and no other', (text, version) => {
    expect(pub('--enable-ssl', '--tls-version', text).options.tls).toMatchObject({
      minVersion: version,
      maxVersion: version,
    })
  })

  it('verifies the server unless told not to', () => {
    expect(pub('--enable-ssl').options.tls).not.toHaveProperty('rejectUnauthorized')
    expect(pub('--enable-ssl', '--verify=false').options.tls).toMatchObject({ rejectUnauthorized: false })
    expect(pub('--enable-ssl', '--sni', 'other.example').options.tls).toMatchObject({ servername: 'other.example' })
    expect(pub('--enable-ssl', '--sni', 'true').options.tls).not.toHaveProperty('servername')
  })

  it('reads the files of certificates and keys', () => {
    const ca = file('ca.pem', 'CA')
    const cert = file('cert.pem', 'CERT')
    const key = file('key.pem', 'KEY')
    const { tls } = pub('--enable-ssl', `--CAfile=${ca}`, '--cert', cert, '--key', key).options
    expect(tls).toMatchObject({ ca: Buffer.from('CA'), cert: Buffer.from('CERT'), key: Buffer.from('KEY') })
  })

  it('takes the key from the file of the certificate', () => {
    const both = '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n'
    const { tls } = pub('--enable-ssl', '--cert', file('both.pem', both)).options
    expect(tls).toMatchObject({ cert: Buffer.from(both), key: Buffer.from(both) })
  })
})

describe('--iface', () => {
  it('takes the name of an interface', () => {
    const [name, addresses] = Object.entries(networkInterfaces()).find(([, all]) => all?.some((a) => a.internal))!
    const { tcp } = pub('-h', '127.0.0.1', '-I', name).options
    expect(addresses!.map(({ address }) => address)).toContain(tcp!.localAddress)
    expect(tcp!.family).toBe(4)
  })

  it('names the interfaces that there are when there is no such one', () => {
    const said = refusal(() => pub('-I', 'nowhere0'))
    expect(said).toContain('nowhere0')
    expect(said).toContain(Object.keys(networkInterfaces())[0])
  })
})

describe('the will', () => {
  it('is made of its four options', () => {
    const argv = ['--will-topic', 'gone', '--will-payload=bye', '--will-qos', '2', '--will-retain']
    expect(sub(...argv).options.will).toEqual({ topic: 'gone', payload: 'bye', qos: 2, retain: true })
  })

  it.each([['--will-payload', 'bye'], ['--will-qos', '0'], ['--will-retain=false']])(
    '%s is refused without --will-topic',
    (...argv) => {
      const option = argv[0]!.split('=')[0]
      expect(refusal(() => pub(...argv))).toBe(`${option} needs --will-topic`)
    },
  )
})

describe('is refused with a sentence', () => {
  const certificate = file('lone-cert.pem', 'CERT')
  it.each<[string, 'pub' | 'sub', string[], string]>([
    ['no topic', 'pub', ['--payload', 'x'], "required option '-t, --topic <topic>' not specified"],
    ['no topic', 'sub', [], "required option '-t, --topic <filter>' not specified"],
    ['no payload', 'pub', ['-t', 'x', '--payload'], "option '--payload <payload>' argument missing"],
    [
      'an empty topic',
      'pub',
      ['-t', '', '--payload', 'x'],
      "option '-t, --topic <topic>' argument '' is invalid. It must not be empty.",
    ],
    [
      'a wildcard to publish to',
      'pub',
      ['-t', 'a/#', '--payload', 'x'],
      "option '-t, --topic <topic>' argument 'a/#' is invalid. A topic to publish to has no wildcards + and #.",
    ],
    ['an unknown option', 'sub', [...SUB, '--nope'], "unknown option '--nope'"],
    ['an option of the other command', 'sub', [...SUB, '--payload', 'x'], "unknown option '--payload'"],
    [
      'a misspelt option',
      'sub',
      [...SUB, '--keepaliv', '1'],
      "unknown option '--keepaliv' (Did you mean --keepalive?)",
    ],
    ['a stray word', 'sub', [...SUB, 'world'], 'too many arguments. Expected 0 arguments but got 1.'],
    ['QoS 3', 'pub', [...PUB, '-q', '3'], "option '-q, --qos [qos]' argument '3' is invalid. Expected one of 0, 1, 2."],
    [
      'a negative QoS',
      'pub',
      [...PUB, '-q', '-1'],
      "option '-q, --qos [qos]' argument '-1' is invalid. Expected one of 0, 1, 2.",
    ],
    [
      'a port too high',
      'pub',
      [...PUB, '-p', '65536'],
      "option '-p, --port <port>' argument '65536' is invalid. Expected a whole number from 1 to 65535.",
    ],
    [
      'a port in words',
      'pub',
      [...PUB, '-p', '1e3'],
      "option '-p, --port <port>' argument '1e3' is invalid. Expected a whole number from 1 to 65535.",
    ],
    [
      'a keep-alive too long',
      'pub',
      [...PUB, '-k65536'],
      "option '-k, --keepalive [seconds]' argument '65536' is invalid. Expected a whole number from 0 to 65535.",
    ],
    [
      'an unknown version',
      'pub',
      [...PUB, '-V', 'v4'],
      "option '-V, --protocol-version [version]' argument 'v4' is invalid. Expected one of v3.1, v3.1.1, v5.",
    ],
    [
      'a name of every object',
      'pub',
      [...PUB, '-r', 'constructor'],
      "option '-r, --retain [bool]' argument 'constructor' is invalid. Expected one of 0, 1, true, yes, on, false, no, off.",
    ],
    [
      'no repetition',
      'pub',
      [...PUB, '--repeat', '0'],
      "option '--repeat [count]' argument '0' is invalid. Expected a whole number from 1 to 4294967295.",
    ],
    [
      'no time',
      'pub',
      [...PUB, '--timeout', '0'],
      "option '--timeout <seconds>' argument '0' is invalid. Expected seconds, from 0.001 to 2147483.",
    ],
    [
      'no message to wait for',
      'sub',
      [...SUB, '--count', '0'],
      "option '--count <count>' argument '0' is invalid. Expected a whole number from 1 to 4294967295.",
    ],
    ['a CA without TLS', 'pub', [...PUB, '--CAfile', 'x'], '--CAfile needs --enable-ssl'],
    ['a certificate without TLS', 'pub', [...PUB, '--cert', 'x', '--enable-ssl=false'], '--cert needs --enable-ssl'],
    ['a key without TLS', 'pub', [...PUB, '--key', 'x'], '--key needs --enable-ssl'],
    ['a key without a certificate', 'pub', [...PUB, '--enable-ssl', '--key', certificate], '--key needs --cert'],
    [
      'a certificate without a key',
      'pub',
      [...PUB, '--enable-ssl', '--cert', certificate],
      '--cert needs --key: its file holds no private key',
    ],
    ['a TLS version without TLS', 'pub', [...PUB, '--tls-version', 'tlsv1.3'], '--tls-version needs --enable-ssl'],
    [
      'a file that is not there',
      'pub',
      [...PUB, '--enable-ssl', '--CAfile', '/nowhere'],
      '--CAfile: cannot read /nowhere: there is no such file',
    ],
    ['a folder', 'pub', [...PUB, '--enable-ssl', '--CAfile', '/'], '--CAfile: cannot read /: it is a directory'],
  ])('%s', (_, name, argv, message) => {
    expect(refusal(() => parse(name, argv))).toBe(message)
  })
})
