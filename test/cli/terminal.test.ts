import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { emqtt, lines } from './command.js'
import { ERASE_LINE, HAS_TERMINAL, Terminal } from './terminal.js'

// What would clear the screen, set a title, overwrite the line, and reorder what follows.
const NASTY = 'a\u001b[2J\u001b]0;owned\u0007b\rc\u009bd\u202ee\n\tlast'

describe.skipIf(!HAS_TERMINAL)('on a terminal', () => {
  let broker: Mosquitto
  let server: string[]
  const folder = mkdtempSync(join(tmpdir(), 'emqtt-terminal-'))
  beforeAll(async () => {
    broker = await startMosquitto()
    server = ['-p', `${broker.ports.mqtt}`]
  })
  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  /** What a terminal gets for one message, behind the lines about the client. */
  async function shown(payload: string | Uint8Array, ...argv: string[]): Promise<string> {
    const file = join(folder, 'payload')
    writeFileSync(file, payload)
    await using sub = new Terminal(['sub', ...server, '-t', 'shown', '--count', '1', ...argv])
    await sub.said('stdout', 'subscribed to shown\r\n')
    expect((await emqtt('pub', ...server, '-t', 'shown', '--file', file)).code).toBe(0)
    const { code, stdout } = await sub.ended
    expect(code).toBe(0)
    return stdout
      .replace(/^.*subscribed to shown\r\n/s, '')
      .replace(/Client \S+ sent DISCONNECT\r\n$/, '')
      .replaceAll('\r\n', '\n')
  }

  it.each<[string[], string | Uint8Array, string]>([
    [[], NASTY, 'a\\x1b[2J\\x1b]0;owned\\x07b\\rc\\x9bd\\u202ee\n\tlast\n'],
    [['--print'], NASTY, 'a\\x1b[2J\\x1b]0;owned\\x07b\\rc\\x9bd\\u202ee\n\tlast\n'],
    [['--format', 'text'], 'grüß 🙂', 'grüß 🙂\n'],
    [['--format', 'text'], Uint8Array.of(0x61, 0xff, 0x9b), 'a\ufffd\ufffd\n'],
    [['--format', 'raw'], '\u001b[1mbold\u001b[0m', '\u001b[1mbold\u001b[0m'],
  ])('%j: a payload cannot drive it, unless it is asked for raw', async (argv, payload, expected) => {
    expect(await shown(payload, ...argv)).toBe(expected)
  })

  it('--format json holds the payload as it is, written without control characters', async () => {
    const line = await shown(NASTY, '--format', 'json')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(JSON.parse(line).payload).toBe(NASTY)
  })

  it('Ctrl-C ends sub with DISCONNECT', async () => {
    await using sub = new Terminal(['sub', ...server, '-t', 'x'])
    await sub.said('stdout', 'subscribed to')
    await sub.send('\u0003')
    expect((await sub.ended).code).toBe(0)
    expect(lines(`${sub.screen.at(-1)!}\n`)).toEqual(['^CClient <id> sent DISCONNECT'])
  })

  it('a stdout that cannot be written to is one failure', async () => {
    await using sub = new Terminal(['sub', ...server, '-t', 'full'], { redirection: '>/dev/full' })
    await sub.said('stdout', 'subscribed to')
    await emqtt('pub', ...server, '-t', 'full', '--payload', 'x')
    expect((await sub.ended).code).toBe(1)
    expect(sub.screen.filter((line) => line.startsWith('emqtt sub: '))).toEqual([expect.stringContaining('ENOSPC')])
    expect(lines(`${sub.screen.join('\n')}\n`)).toContain('Client <id> sent DISCONNECT')
  })

  it('pub does not wait for somebody to type, unless it is told to', async () => {
    await using pub = new Terminal(['pub', ...server, '-t', 'x'])
    expect((await pub.ended).code).toBe(2)
    expect(pub.screen.join('')).toContain('no message: give --payload')
  })

  it('--lines sends what is typed, line by line, until Ctrl-D', async () => {
    await using pub = new Terminal(['pub', ...server, '-t', 'typed', '--lines'])
    await pub.said('stdout', 'sent CONNECT')
    await pub.send('one\r')
    await pub.said('stdout', 'Topic=typed, Payload=...(3 bytes))')
    await pub.send('three\r\u0004')
    expect((await pub.ended).code).toBe(0)
    expect(pub.screen.filter((line) => line.includes('PUBLISH'))).toHaveLength(2)
  })

  describe('many repetitions', () => {
    const MANY = ['--payload', 'x', '-q1', '--repeat=20', '--repeat-delay=0.03', '-t', 'many']

    it('show how far they are, on one line that is gone in the end', async () => {
      await using pub = new Terminal(['pub', ...server, ...MANY])
      expect((await pub.ended).code).toBe(0)
      const shown = pub.stdout
        .replaceAll(ERASE_LINE, '\r\n')
        .split('\r\n')
        .filter((line) => line.includes('%'))
      expect(shown.length).toBeGreaterThan(1)
      for (const line of shown) expect(line).toMatch(/^\d+ % \(\d+ of 20 messages\), [\d.]+\/s(, \d+ s left)?$/)
      expect(lines(`${pub.screen.join('\n')}\n`)).toEqual([
        'Client <id> sent CONNECT',
        'Client <id> sent PUBLISH, 20 in all (Q1, R0, D0, Topic=many)',
        'Client <id> sent DISCONNECT',
      ])
    })

    it('interrupted, leave how many were sent', async () => {
      await using pub = new Terminal(['pub', ...server, ...MANY, '--repeat=1000000'])
      await pub.said('stdout', 'of 1000000 messages')
      await pub.send('\u0003')
      expect((await pub.ended).code).toBe(130)
      expect(lines(`${pub.screen.slice(-3).join('\n')}\n`)).toEqual([
        expect.stringMatching(/^Client <id> sent PUBLISH, \d+ in all \(Q1, R0, D0, Topic=many\)$/),
        'Client <id> sent DISCONNECT',
        'emqtt pub: interrupted by SIGINT',
      ])
    })

    it.each<[string, ConstructorParameters<typeof Terminal>[1]]>([
      ['stderr is a file', { redirection: '2>/dev/null' }],
      ['the terminal cannot', { env: { TERM: 'dumb' } }],
    ])('show nothing of it where %s', async (_, surroundings) => {
      await using pub = new Terminal(['pub', ...server, ...MANY], surroundings)
      expect((await pub.ended).code).toBe(0)
      expect(pub.stdout).not.toContain(ERASE_LINE)
      expect(pub.stdout).not.toContain('%')
    })

    it('of lines: the first ten each, then their number', async () => {
      const file = join(folder, 'lines')
      writeFileSync(file, 'x\n'.repeat(500))
      await using pub = new Terminal(['pub', ...server, '-t', 'many', '-l'], { redirection: `<${file}` })
      expect((await pub.ended).code).toBe(0)
      expect(lines(`${pub.screen.slice(-3).join('\n')}\n`)).toEqual([
        'Client <id> sent PUBLISH (Q0, R0, D0, Topic=many, Payload=...(1 bytes))',
        'Client <id> sent PUBLISH, 500 in all (Q0, R0, D0, Topic=many)',
        'Client <id> sent DISCONNECT',
      ])
      expect(pub.screen).toHaveLength(1 + 10 + 2)
    })
  })
})

it('in a pipe each repetition has its line, however many, and there is nothing to erase', async () => {
  await using broker = await startMosquitto()
  const { stderr } = await emqtt('pub', '-p', `${broker.ports.mqtt}`, '-t', 'x', '--payload', 'x', '--repeat', '500')
  expect(lines(stderr).filter((line) => line.includes('PUBLISH'))).toHaveLength(500)
  expect(stderr).not.toMatch(/[\r%]/)
})
