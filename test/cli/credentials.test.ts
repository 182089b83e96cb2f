import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from '../../cli/args.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { emqttWith } from './command.js'

const folder = mkdtempSync(join(tmpdir(), 'emqtt-credentials-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(content: string | Uint8Array): string {
  const path = join(folder, 'password')
  writeFileSync(path, content)
  return path
}

/** User name and password that `emqtt connect` would send. */
function credentials(argv: string[], env: NodeJS.ProcessEnv = {}) {
  const { username, password } = parse('connect', argv, env)!.options
  return [username, password instanceof Uint8Array ? Buffer.from(password).toString('latin1') : password]
}

describe('a password from a file', () => {
  it.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['two\nlines\n\n', 'two\nlines\n'],
    [' blank \t', ' blank \t'],
    ['cr\r', 'cr\r'],
    ['\xff\0', '\xff\0'],
    ['\n', ''],
  ])('%j is %j: one newline at its end is none of it', (content, password) => {
    expect(credentials(['--password-file', file(Buffer.from(content, 'latin1'))])[1]).toBe(password)
  })

  it('that cannot be read is a wrong usage', () => {
    expect(() => parse('connect', ['--password-file', '/nowhere'])).toThrow(
      '--password-file: cannot read /nowhere: there is no such file',
    )
  })
})

describe('an option wins over the file, the file over the environment', () => {
  const ENV = { EMQTT_USERNAME: 'env', EMQTT_PASSWORD: 'from env' }
  it.each([
    [[], {}, [undefined, undefined]],
    [[], ENV, ['env', 'from env']],
    [['-u', 'me'], ENV, ['me', 'from env']],
    [['--password-file', 'FILE'], ENV, ['env', 'from file']],
    [['--password-file', 'FILE', '-P', 'said'], ENV, ['env', 'said']],
    [['-P', 'said', '--password-file', 'FILE'], ENV, ['env', 'said']],
    [['-u', '', '-P', ''], ENV, ['', '']],
    [[], { EMQTT_USERNAME: '', EMQTT_PASSWORD: '' }, [undefined, undefined]],
  ])('%j %j', (argv, env, expected) => {
    const path = file('from file')
    expect(
      credentials(
        argv.map((word) => (word === 'FILE' ? path : word)),
        env,
      ),
    ).toEqual(expected)
  })

  it.each(['v3.1', 'v3.1.1'])('without a user name it is refused in MQTT %s', (version) => {
    expect(() => credentials(['-V', version], { EMQTT_PASSWORD: 'secret' })).toThrow(
      'a password needs --username (or EMQTT_USERNAME) in MQTT v3.1 and v3.1.1',
    )
  })
})

describe('through mosquitto', () => {
  let broker: Mosquitto
  beforeAll(async () => {
    broker = await startMosquitto({ passwords: { me: 'top secret' } })
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  it.each<[string, string[], Record<string, string>, number]>([
    ['a file', ['-u', 'me', '--password-file', 'FILE'], {}, 0],
    ['the environment', [], { EMQTT_USERNAME: 'me', EMQTT_PASSWORD: 'top secret' }, 0],
    ['the environment, wrong', ['-u', 'me'], { EMQTT_PASSWORD: 'top secrets' }, 1],
  ])('%s: taken, and never printed', async (_, argv, env, code) => {
    const path = file('top secret\n')
    const words = argv.map((word) => (word === 'FILE' ? path : word))
    const server = ['-p', `${broker.ports.mqtt}`, '--log-level', 'debug']
    const ended = await emqttWith({ env }, 'pub', ...server, ...words, '-t', 'x', '--payload', 'x')
    expect(ended.code, ended.stderr).toBe(code)
    expect(ended.stderr).toContain('received CONNACK')
    expect(ended.stdout + ended.stderr).not.toMatch(/top secret/)
  })
})
