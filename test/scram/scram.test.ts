/** SCRAM's client: the examples of the standards, an independent server, and servers that are false or broken. */

import { createHmac, pbkdf2Sync } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Authenticator, isMqttError, type ScramMechanism, scram } from '../../platform/scram/index.js'
import { createScram, type ScramCredentials } from '../../platform/scram/scram.js'
import { ScramServer } from '../support/scram-server.js'

const MECHANISMS: readonly ScramMechanism[] = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
const KNOWN = { username: 'user', password: 'pencil' }

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data)

/** The example of RFC 7677 up to the server's last message, which is right. */
const EXAMPLE = {
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}

function example(): Authenticator {
  return createScram('SCRAM-SHA-256', KNOWN, () => EXAMPLE.nonce)
}

/** The example, after its client has sent the proof. */
async function proved(): Promise<Authenticator> {
  const client = example()
  await client.start()
  await client.next(bytes(EXAMPLE.serverFirst))
  return client
}

/** What a step throws, or rejects with. */
async function failure(step: () => unknown): Promise<unknown> {
  try {
    await step()
  } catch (error) {
    return error
  }
  return undefined
}

/** A whole exchange; the server throws where it refuses, the client where it does. */
async function exchange(client: Authenticator, server: ScramServer): Promise<void> {
  const serverFirst = server.first(await client.start())
  await client.finish?.(server.final(await client.next(serverFirst)))
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('the examples of the standards', () => {
  test.each<[string, ScramMechanism, string, string, string, string, string]>([
    [
      'RFC 5802 §5',
      'SCRAM-SHA-1',
      'fyko+d2lbbFgONRv9qkxdawL',
      'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    ],
    [
      'RFC 7677 §3',
      'SCRAM-SHA-256',
      EXAMPLE.nonce,
      EXAMPLE.clientFirst,
      EXAMPLE.serverFirst,
      EXAMPLE.clientFinal,
      EXAMPLE.serverFinal,
    ],
  ])('%s', async (_, mechanism, nonce, clientFirst, serverFirst, clientFinal, serverFinal) => {
    const client = createScram(mechanism, KNOWN, () => nonce)
    expect(client.method).toBe(mechanism)
    expect(text(await client.start())).toBe(clientFirst)
    expect(text(await client.next(bytes(serverFirst)))).toBe(clientFinal)
    expect(await client.finish?.(bytes(serverFinal))).toBeUndefined()
  })
})

describe('an independent server', () => {
  // It stands in for examples of SCRAM-SHA-512, of which no standard has any.
  test.each(MECHANISMS)(
    'accepts the proof of %s, and is accepted, whatever the names and salts are',
    async (mechanism) => {
      // Without what SASLprep changes or refuses, which is tested by itself.
      const word = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...'abcXYZ019 ,=+/n%ßé漢') })
      await fc.assert(
        fc.asyncProperty(
          word,
          word,
          fc.uint8Array({ minLength: 1, maxLength: 64 }),
          fc.integer({ min: 4096, max: 4200 }),
          async (username, password, salt, iterations) => {
            const server = new ScramServer(mechanism, { username, password, salt, iterations })
            await exchange(scram(mechanism, { username, password }), server)
          },
        ),
        { numRuns: 25 },
      )
    },
  )

  test.each(MECHANISMS)('refuses the proof of %s of another password', async (mechanism) => {
    const server = new ScramServer(mechanism, KNOWN)
    await expect(exchange(scram(mechanism, { ...KNOWN, password: 'crayon' }), server)).rejects.toThrow(
      'the proof is wrong',
    )
  })

  test('gets the user name with its commas and equals signs escaped', async () => {
    const client = createScram('SCRAM-SHA-256', { username: 'a,b=c=2C', password: 'x' }, () => 'nonce')
    expect(text(await client.start())).toBe('n,,n=a=2Cb=3Dc=3D2C,r=nonce')
  })

  test('gets the user name and the password as SASLprep makes them', async () => {
    const server = new ScramServer('SCRAM-SHA-256', { username: 'IX', password: 'a b' })
    await exchange(scram('SCRAM-SHA-256', { username: '\u2168', password: 'a\u00a0\u00adb' }), server)
  })

  test('may send its last message before its success, and is answered with nothing', async () => {
    const server = new ScramServer('SCRAM-SHA-256', KNOWN)
    const client = scram('SCRAM-SHA-256', KNOWN)
    const last = server.final(await client.next(server.first(await client.start())))
    expect(await client.next(last)).toBeUndefined()
    for (const empty of [undefined, new Uint8Array(0)]) expect(await client.finish?.(empty)).toBeUndefined()
    // The same once more does no harm.
    expect(await client.finish?.(last)).toBeUndefined()
  })

  test('may send extensions after what we know', async () => {
    const client = example()
    await client.start()
    const clientFinal = await client.next(bytes(`${EXAMPLE.serverFirst},x=1,Y=two`))
    expect(text(clientFinal)).toMatch(/^c=biws,r=/)
  })

  test('may demand another exchange of the same client, with another nonce', async () => {
    const client = scram('SCRAM-SHA-256', KNOWN)
    const nonces = new Set<string>()
    for (let round = 0; round < 3; round++) {
      nonces.add(text(await client.start()))
      await exchange(client, new ScramServer('SCRAM-SHA-256', KNOWN))
    }
    expect(nonces.size).toBe(3)
    for (const first of nonces) expect(first).toMatch(/^n,,n=user,r=[A-Za-z0-9+/]{24}$/)
  })
})

describe('a server that is not who it should be is refused', () => {
  test('when its signature is wrong in any bit', async () => {
    const signature = Buffer.from(EXAMPLE.serverFinal.slice(2), 'base64')
    for (const at of [0, 15, 31]) {
      const wrong = Buffer.from(signature)
      wrong[at] = (wrong[at] as number) ^ 1
      const client = await proved()
      const error = await failure(() => client.finish?.(bytes(`v=${wrong.toString('base64')}`)))
      expect(error).toMatchObject({ code: 'SCRAM_SERVER_SIGNATURE', phase: 'authentication', retryable: false })
    }
  })

  test('when its signature is that of another length', async () => {
    const short = Buffer.from(EXAMPLE.serverFinal.slice(2), 'base64').subarray(0, 20).toString('base64')
    const client = await proved()
    expect(await failure(() => client.finish?.(bytes(`v=${short}`)))).toMatchObject({ code: 'SCRAM_SERVER_SIGNATURE' })
  })

  test('when its wrong signature comes before its success', async () => {
    const client = await proved()
    const error = await failure(() => client.next(bytes(`v=${Buffer.alloc(32).toString('base64')}`)))
    expect(error).toMatchObject({ code: 'SCRAM_SERVER_SIGNATURE', retryable: false })
    // And its success afterwards changes nothing.
    expect(await failure(() => client.finish?.(undefined))).toMatchObject({ code: 'SCRAM_SERVER_UNPROVEN' })
  })

  test('when a wrong signature follows one that was right', async () => {
    const client = await proved()
    await client.next(bytes(EXAMPLE.serverFinal))
    const error = await failure(() => client.finish?.(bytes(`v=${Buffer.alloc(32).toString('base64')}`)))
    expect(error).toMatchObject({ code: 'SCRAM_SERVER_SIGNATURE' })
  })

  test('when it reports success and never showed a signature', async () => {
    const unproven = { code: 'SCRAM_SERVER_UNPROVEN', phase: 'authentication', retryable: false }
    const fresh = scram('SCRAM-SHA-256', KNOWN)
    expect(await failure(() => fresh.finish?.(undefined))).toMatchObject(unproven)
    const started = example()
    await started.start()
    for (const data of [undefined, bytes(''), bytes(EXAMPLE.serverFinal), bytes(EXAMPLE.serverFirst)]) {
      expect(await failure(() => started.finish?.(data))).toMatchObject(unproven)
    }
    const answered = await proved()
    for (const data of [undefined, bytes('')]) {
      expect(await failure(() => answered.finish?.(data))).toMatchObject(unproven)
    }
  })

  test('when the proof of the exchange before is all that it has', async () => {
    const client = await proved()
    await client.finish?.(bytes(EXAMPLE.serverFinal))
    await client.start()
    expect(await failure(() => client.finish?.(undefined))).toMatchObject({ code: 'SCRAM_SERVER_UNPROVEN' })
  })

  test.each(['r=another,', 'r=,', `r=x${EXAMPLE.nonce},`])(
    'when its nonce does not begin with ours: %s',
    async (nonce) => {
      const client = example()
      await client.start()
      const error = await failure(() => client.next(bytes(EXAMPLE.serverFirst.replace(/^r=[^,]*,/, nonce))))
      expect(error).toMatchObject({ code: nonce === 'r=,' ? 'SCRAM_MESSAGE' : 'SCRAM_SERVER_NONCE', retryable: false })
    },
  )

  test('when its nonce is ours and nothing more', async () => {
    const client = example()
    await client.start()
    const message = EXAMPLE.serverFirst.replace(/^r=[^,]*,/, `r=${EXAMPLE.nonce},`)
    expect(await failure(() => client.next(bytes(message)))).toMatchObject({ code: 'SCRAM_SERVER_NONCE' })
  })
})

describe('a server that asks for what it should not', () => {
  test.each(['1', '4095', '10000001', '99999999999999999999999'])('gets no %s iterations', async (count) => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const client = example()
    await client.start()
    const error = await failure(() => client.next(bytes(EXAMPLE.serverFirst.replace('i=4096', `i=${count}`))))
    expect(error).toMatchObject({ code: 'SCRAM_ITERATIONS', phase: 'authentication', retryable: false })
    expect(String(error)).toContain('expected 4096 to 10000000')
    expect(derive).not.toHaveBeenCalled()
  })

  test('is told that we know no mandatory extension', async () => {
    const client = example()
    await client.start()
    const error = await failure(() => client.next(bytes(`m=what,${EXAMPLE.serverFirst}`)))
    expect(error).toMatchObject({ code: 'SCRAM_EXTENSION', retryable: false })
  })
})

describe('a server that breaks the mechanism is refused', () => {
  const [nonce, salt, iterations] = EXAMPLE.serverFirst.split(',') as [string, string, string]

  test.each([
    ['no message', undefined],
    ['an empty message', ''],
    ['no nonce', `${salt},${iterations}`],
    ['no salt', `${nonce},${iterations}`],
    ['no iterations', `${nonce},${salt}`],
    ['another order', `${salt},${nonce},${iterations}`],
    ['a salt of nothing', `${nonce},s=,${iterations}`],
    ['a salt that is not base64', `${nonce},s=W22Za_0SNY7soEsUEjb6gQ==,${iterations}`],
    ['a salt whose padding is missing', `${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ,${iterations}`],
    ['iterations that are no number', `${nonce},${salt},i=many`],
    ['iterations with a sign', `${nonce},${salt},i=+4096`],
    ['iterations that begin with 0', `${nonce},${salt},i=04096`],
    ['iterations in another notation', `${nonce},${salt},i=5e3`],
    ['a nonce that is not printable', `${nonce}\u0007,${salt},${iterations}`],
    ['what is no extension at its end', `${nonce},${salt},${iterations},nonsense`],
    ['an empty extension', `${nonce},${salt},${iterations},x=`],
    ['a line break at its end', `${nonce},${salt},${iterations}\n`],
    ['its last message first', EXAMPLE.serverFinal],
  ])('when its first message has %s', async (_, message) => {
    const client = example()
    await client.start()
    const error = await failure(() => client.next(message === undefined ? undefined : bytes(message)))
    expect(error).toMatchObject({ code: 'SCRAM_MESSAGE', phase: 'authentication', retryable: false })
    expect(isMqttError(error)).toBe(true)
  })

  test('when its message is not UTF-8', async () => {
    const client = example()
    await client.start()
    const error = await failure(() => client.next(Uint8Array.of(...bytes(`${EXAMPLE.serverFirst},x=`), 0xff)))
    expect(error).toMatchObject({ code: 'SCRAM_MESSAGE' })
  })

  test.each(['v=', 'v=!', 'v=abc', 'x=1', EXAMPLE.serverFirst, `${EXAMPLE.serverFinal},`])(
    'when its last message is %s',
    async (message) => {
      const client = await proved()
      expect(await failure(() => client.finish?.(bytes(message)))).toMatchObject({ code: 'SCRAM_MESSAGE' })
      expect(await failure(() => client.next(bytes(message)))).toMatchObject({ code: 'SCRAM_MESSAGE' })
    },
  )

  test('when it goes on after its proof', async () => {
    const client = await proved()
    await client.next(bytes(EXAMPLE.serverFinal))
    expect(await failure(() => client.next(bytes(EXAMPLE.serverFinal)))).toMatchObject({ code: 'SCRAM_MESSAGE' })
  })

  test('when it begins before we did', async () => {
    const client = example()
    expect(await failure(() => client.next(bytes(EXAMPLE.serverFirst)))).toMatchObject({ code: 'SCRAM_MESSAGE' })
  })

  test('whatever it sends: with an error of ours, and nothing else', async () => {
    const part = fc.constantFrom(nonce, salt, iterations, 'e=x', 'm=x', 'v=', 'r=', ',', '=', 'i=0', '\u0000', 'é')
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.array(part, { maxLength: 6 }).map((parts) => bytes(parts.join())),
        ),
        async (message) => {
          fc.pre(!text(message).startsWith(EXAMPLE.serverFirst))
          const client = example()
          await client.start()
          expect(isMqttError(await failure(() => client.next(message)))).toBe(true)
          const later = await proved()
          expect(isMqttError(await failure(() => later.finish?.(message)))).toBe(true)
        },
      ),
    )
  })
})

describe('an error that the server reports', () => {
  test.each([
    ['invalid-proof', 'invalid-proof', false],
    ['unknown-user', 'unknown-user', false],
    ['no-resources', 'no-resources', true],
    ['<b>what it likes\n', 'other-error', false],
  ])('%j is passed on as %s', async (value, shown, retryable) => {
    const client = await proved()
    const expected = { code: 'SCRAM_SERVER_ERROR', phase: 'authentication', retryable }
    for (const step of [() => client.next(bytes(`e=${value}`)), () => client.finish?.(bytes(`e=${value}`))]) {
      const error = await failure(step)
      expect(error).toMatchObject(expected)
      expect(String(error)).toContain(`with ${shown};`)
    }
  })

  test('is passed on instead of its first message, too', async () => {
    const client = example()
    await client.start()
    expect(await failure(() => client.next(bytes('e=unknown-user')))).toMatchObject({ code: 'SCRAM_SERVER_ERROR' })
  })
})

describe('user name and password', () => {
  test.each<[string, unknown, unknown, RegExp]>([
    ['no mechanism', 'SCRAM-MD5', KNOWN, /^RangeError: mechanism: expected SCRAM-SHA-1, .*got "SCRAM-MD5"/],
    ['no mechanism of ours', 'toString', KNOWN, /^RangeError: mechanism: /],
    ['no user name', 'SCRAM-SHA-1', { password: 'x' }, /^TypeError: username: expected a string/],
    ['an empty user name', 'SCRAM-SHA-1', { username: '', password: 'x' }, /^RangeError: username: expected at least/],
    ['bytes as the password', 'SCRAM-SHA-1', { username: 'a', password: bytes('x') }, /^TypeError: password: /],
    ['an empty password', 'SCRAM-SHA-1', { username: 'a', password: '' }, /^RangeError: password: expected at least/],
    [
      'a bad password',
      'SCRAM-SHA-1',
      { username: 'a', password: '\u0000' },
      /^RangeError: password: expected no control/,
    ],
  ])('are checked at once: %s', (_, mechanism, credentials, error) => {
    let thrown: unknown
    try {
      scram(mechanism as ScramMechanism, credentials as ScramCredentials)
    } catch (caught) {
      thrown = caught
    }
    expect(String(thrown)).toMatch(error)
  })

  test('may hold what is newer than Unicode 3.2 in the name, not in the password', async () => {
    const server = new ScramServer('SCRAM-SHA-256', { username: 'ann 🙂', password: 'x' })
    await exchange(scram('SCRAM-SHA-256', { username: 'ann 🙂', password: 'x' }), server)
    expect(() => scram('SCRAM-SHA-256', { username: 'ann', password: '🙂' })).toThrow(/^password: .*Unicode 3\.2/)
  })

  test('may be functions, which are asked at each exchange', async () => {
    const users = ['ann', 'bob']
    let round = -1
    const client = scram('SCRAM-SHA-256', {
      username: async () => users[++round] as string,
      password: () => `secret of ${users[round]}`,
    })
    for (const username of users) {
      await exchange(client, new ScramServer('SCRAM-SHA-256', { username, password: `secret of ${username}` }))
    }
    expect(round).toBe(1)
  })

  test.each<[string, () => string, object]>([
    [
      'fails',
      () => {
        throw new Error('the vault is shut')
      },
      { retryable: true, cause: new Error('the vault is shut') },
    ],
    ['gives no string', () => 7 as unknown as string, { retryable: false }],
    ['gives nothing', () => '', { retryable: false }],
    ['gives what is prohibited', () => 'xyzzy\u0007', { retryable: false }],
  ])('are named in the error when a function %s', async (_, give, details) => {
    const expected = { code: 'SCRAM_CREDENTIALS', phase: 'authentication', ...details }
    const nameless = scram('SCRAM-SHA-256', { username: give, password: 'x' })
    const error = await failure(() => nameless.start())
    expect(error).toMatchObject({ ...expected, message: expect.stringMatching(/^username: /) })
    expect(String(error)).not.toMatch(/xyzzy|7/)
    const secretless = createScram('SCRAM-SHA-256', { username: 'user', password: give }, () => EXAMPLE.nonce)
    await secretless.start()
    expect(await failure(() => secretless.next(bytes(EXAMPLE.serverFirst)))).toMatchObject({
      ...expected,
      message: expect.stringMatching(/^password: /),
    })
  })

  test('are not in what the authenticator shows of itself', async () => {
    const client = await proved()
    for (const shown of [inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client)]) {
      expect(shown).not.toContain('pencil')
    }
  })
})

describe('what was derived from the password', () => {
  test('is kept for the next exchange with the same salt and iterations', async () => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const salt = bytes('salt')
    let password = 'one'
    const client = scram('SCRAM-SHA-256', { username: 'user', password: () => password })
    const round = (options: { iterations?: number; salt?: Uint8Array } = {}) =>
      exchange(client, new ScramServer('SCRAM-SHA-256', { username: 'user', password, salt, ...options }))
    await round()
    await round()
    expect(derive).toHaveBeenCalledTimes(1)
    await round({ iterations: 5000 })
    expect(derive).toHaveBeenCalledTimes(2)
    await round({ iterations: 5000, salt: bytes('pepper') })
    expect(derive).toHaveBeenCalledTimes(3)
    await round({ iterations: 5000, salt: bytes('pepper') })
    expect(derive).toHaveBeenCalledTimes(3)
    password = 'two'
    await round({ iterations: 5000, salt: bytes('pepper') })
    expect(derive).toHaveBeenCalledTimes(4)
  })
})

test('an exchange that was given up does not touch the one after it', async () => {
  let release = (_: string): void => {}
  const passwords: (string | Promise<string>)[] = [
    new Promise<string>((resolve) => {
      release = resolve
    }),
    'pencil',
  ]
  const client = scram('SCRAM-SHA-256', { username: 'user', password: () => passwords.shift() as string })
  const first = new ScramServer('SCRAM-SHA-256', KNOWN)
  const abandoned = client.next(first.first(await client.start()))
  const second = new ScramServer('SCRAM-SHA-256', KNOWN)
  const last = second.final(await client.next(second.first(await client.start())))
  release('pencil')
  // It still proves what it was asked, to whom it may concern.
  const late = first.final(await abandoned)
  expect(await failure(() => client.finish?.(late))).toMatchObject({ code: 'SCRAM_SERVER_SIGNATURE' })
  expect(await client.finish?.(last)).toBeUndefined()
})

test('an exchange whose user name comes late does not take the place of the one after it', async () => {
  let release = (_: string): void => {}
  const names: (string | Promise<string>)[] = [
    new Promise<string>((resolve) => {
      release = resolve
    }),
    'user',
  ]
  const client = scram('SCRAM-SHA-256', { username: () => names.shift() as string, password: 'pencil' })
  const abandoned = client.start()
  const server = new ScramServer('SCRAM-SHA-256', KNOWN)
  const challenge = server.first(await client.start())
  release('user')
  await abandoned
  await client.finish?.(server.final(await client.next(challenge)))
})

test('a page without Web Crypto is told where there is one', async () => {
  const client = scram('SCRAM-SHA-256', KNOWN)
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  const error = await failure(() => client.start())
  expect(error).toMatchObject({ code: 'SCRAM_NO_WEB_CRYPTO', phase: 'authentication', retryable: false })
  expect(String(error)).toContain('https or localhost')
})

test('the independent server computes what RFC 5802 says', () => {
  // SaltedPassword and ServerSignature of the example, so that an error that both sides share would show.
  const salted = pbkdf2Sync('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096, 32, 'sha256')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest()
  const { clientFirst, serverFirst, clientFinal, serverFinal } = EXAMPLE
  const conversation = [clientFirst.slice(3), serverFirst, clientFinal.replace(/,p=.*/, '')].join()
  const signature = createHmac('sha256', serverKey).update(conversation).digest('base64')
  expect(`v=${signature}`).toBe(serverFinal)

  const server = new ScramServer('SCRAM-SHA-256', {
    ...KNOWN,
    salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
    nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  })
  expect(text(server.first(bytes(clientFirst)))).toBe(serverFirst)
  expect(text(server.final(bytes(clientFinal)))).toBe(serverFinal)
})
