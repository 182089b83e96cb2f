import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inOurWords } from '../../cli/failure.js'

/** The text of the client's sources in which sentences about failed connections stand. */
const SOURCES = ['../../platform/node/', '../../src/client/'].flatMap((folder) => {
  const url = new URL(folder, import.meta.url)
  return readdirSync(url)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(name, url), 'utf8'))
})

describe('advice of the client is given in the words of the command line', () => {
  it.each([
    ['if that is intended, give its CA as tls.ca', 'if that is intended, give its CA with --CAfile'],
    ['give it as tls.cert and tls.key', 'give it with --cert and --key'],
    ['a client certificate (tls.cert and tls.key)', 'a client certificate (--cert and --key)'],
    ['check tls.minVersion and tls.maxVersion', 'check --tls-version'],
    ['or set tls.servername', 'or name one with --sni'],
    ['give its CA as tls.ca (PEM text, not a path)', 'give its CA with --CAfile'],
    [
      'tls.key is encrypted, and tls.passphrase is missing or wrong',
      '--key is encrypted: take one without a pass phrase',
    ],
    [
      'no CONNACK within 30000 ms (connectTimeout); check host and port, or raise it',
      'no CONNACK within 30000 ms; check host and port',
    ],
  ])('%s', (there, here) => {
    expect(inOurWords(there)).toBe(here)
  })

  it('no sentence tells of an option of tls that has no name here', () => {
    const sentences = SOURCES.flatMap((source) => source.match(/['`][^'`\n]*\btls\.[a-z]+[^'`\n]*['`]/gi) ?? [])
    expect(sentences.length).toBeGreaterThan(3)
    // What no option of the command sets is told of by no sentence that it can get.
    const unset = /\btls\.(crl|pfx|ALPNProtocols)\b|none of tls\.ciphers/
    for (const sentence of sentences.filter((each) => / /.test(each) && !unset.test(each))) {
      expect(inOurWords(sentence)).not.toMatch(/\btls\.[a-z]/i)
    }
  })
})
