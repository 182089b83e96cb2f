/** Every way to miss a broker, tried for real: the wrong port, the wrong scheme, somebody else, the wrong credentials. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientOptions, connect } from '../../platform/node/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { type Expected, expectFailure } from './failures.js'
import { listening, serveSilence } from './servers.js'

const SCHEMES = ['mqtt', 'mqtts', 'ws', 'wss'] as const

const NOT_TLS =
  /does not speak TLS on this port|the server broke off the TLS handshake: check that this port speaks TLS/
const WANTS_OTHER = /before the server said anything: it may want TLS there \(mqtts:\/\/\) or WebSocket \(ws:\/\/\)/
const NO_WEB_SOCKET =
  /check that port and path are those of a WebSocket listener, and whether it wants TLS|does not speak HTTP there: for MQTT without WebSocket use mqtt|speaks TLS there: use wss/

/** What a client that comes by one scheme says at the listener of another. */
const MISMATCHES: Record<string, Pick<Expected, 'phase' | 'says'>> = {
  'mqtt at mqtts': { phase: 'tcp', says: WANTS_OTHER },
  'mqtt at ws': { phase: 'tcp', says: /does not speak MQTT on this port but HTTP: use ws:\/\// },
  'mqtt at wss': { phase: 'tcp', says: WANTS_OTHER },
  'mqtts at mqtt': { phase: 'tls', says: NOT_TLS },
  'mqtts at ws': { phase: 'tls', says: NOT_TLS },
  'mqtts at wss': { phase: 'tls', says: /does not speak MQTT on this port but HTTP: use wss:\/\// },
  'ws at mqtt': { phase: 'websocket', says: NO_WEB_SOCKET },
  'ws at mqtts': { phase: 'websocket', says: NO_WEB_SOCKET },
  'ws at wss': { phase: 'websocket', says: NO_WEB_SOCKET },
  'wss at mqtt': { phase: 'tls', says: NOT_TLS },
  'wss at mqtts': { phase: 'websocket', says: NO_WEB_SOCKET },
  'wss at ws': { phase: 'tls', says: NOT_TLS },
}

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto({ passwords: { ann: 'open sesame' } })
})
afterAll(() => broker[Symbol.asyncDispose]())

describe('a port', () => {
  test.each(SCHEMES)('that nobody listens on is told so, over %s', async (scheme) => {
    await expectFailure(
      `${scheme}://127.0.0.1:${await freePort()}`,
      {},
      {
        code: 'ECONNREFUSED',
        phase: 'tcp',
        retryable: true,
        says: /nothing listens there: check that the broker runs, and on this port/,
        cause: { code: 'ECONNREFUSED', syscall: 'connect' },
      },
    )
  })

  for (const [name, { phase, says }] of Object.entries(MISMATCHES)) {
    test(`of mosquitto for another scheme is told as that: ${name}`, async () => {
      const [scheme, listener] = name.split(' at ') as [(typeof SCHEMES)[number], (typeof SCHEMES)[number]]
      const options: ClientOptions = { username: 'ann', password: 'open sesame' }
      await expectFailure(
        `${scheme}://127.0.0.1:${broker.ports[listener]}`,
        scheme.endsWith('s') && scheme !== 'ws' ? { ...options, tls: { ca: broker.ca } } : options,
        {
          code: /^(ECONNRESET|WRONG_PROTOCOL|CONNECTION_CLOSED|ERR_SSL_\w+|HPE_\w+)$/,
          phase,
          retryable: expect.any(Boolean),
          says,
          cause: { code: expect.any(String) },
        },
      )
    })
  }

  test('that answers plain MQTT with an alert of TLS is told as TLS', async () => {
    // What OpenSSL says to bytes that are no TLS: unexpected_message.
    const alert = Buffer.of(0x15, 0x03, 0x03, 0, 2, 2, 10)
    await using server = await listening(createServer((socket) => socket.once('data', () => socket.end(alert))))
    await expectFailure(
      `mqtt://127.0.0.1:${server.port}`,
      {},
      { code: 'WRONG_PROTOCOL', phase: 'tcp', retryable: false, says: /but TLS: use mqtts:\/\//, cause: {} },
    )
    await expectFailure(
      `ws://127.0.0.1:${server.port}`,
      {},
      { code: /^HPE_/, phase: 'websocket', retryable: false, says: /speaks TLS there: use wss:\/\//, cause: {} },
    )
  })

  test('that closes without a word, as a server does that does not take the version, is told so', async () => {
    await using server = await listening(createServer((socket) => socket.once('data', () => socket.end())))
    await expectFailure(
      `mqtt://127.0.0.1:${server.port}`,
      { protocolVersion: 5 },
      {
        code: 'CONNECTION_CLOSED',
        phase: 'tcp',
        retryable: true,
        says: /before the server said anything: it may want TLS .* or not take this protocolVersion/,
        cause: { name: 'ConnectionLostError' },
      },
    )
  })

  test('of somebody who says something else is told as one that is no MQTT', async () => {
    await using server = await listening(createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')))
    await expectFailure(
      `mqtt://127.0.0.1:${server.port}`,
      {},
      {
        code: 'MALFORMED_PACKET',
        phase: 'connack',
        retryable: true,
        says: /check that it is an MQTT server/,
        cause: { name: 'ProtocolError', reasonCode: 0x81 },
      },
    )
  })
})

describe('an HTTP server', () => {
  const statuses = [
    [200, false, /speaks HTTP there but no WebSocket: check port and path$/],
    [400, false, /check port and path, and whether it wants TLS \(wss:\/\/\)/],
    [404, false, /nothing at the path "\/wrong": check the path of its MQTT listener/],
    [502, true, /it, or the proxy before it, is in trouble/],
  ] as const
  for (const [status, retryable, says] of statuses) {
    test(`that answers ${status} is told with what to check`, async () => {
      await using server = await listening(
        createHttpServer((_, response) => response.writeHead(status, { connection: 'close' }).end('hello')),
      )
      // There is no error below it: HTTP did what it should.
      await expectFailure(
        `ws://127.0.0.1:${server.port}/wrong?token=hush`,
        {},
        { code: `HTTP_${status}`, phase: 'websocket', retryable, says, cause: null },
      )
    })
  }
})

describe('credentials that are refused', () => {
  const wrong: [string, ClientOptions][] = [
    ['a wrong password', { username: 'ann', password: 'close sesame' }],
    ['no password', {}],
  ]
  for (const protocolVersion of [3, 4, 5] as const) {
    for (const [what, credentials] of wrong) {
      test(`for ${what} in version ${protocolVersion} carry the server's code, and no secret`, async () => {
        const error = await expectFailure(
          broker.urls.mqtt,
          { ...credentials, protocolVersion },
          {
            code: 'NOT_AUTHORIZED',
            phase: 'connack',
            retryable: false,
            // Not authorized: 5 in 3.x, 0x87 in 5.0.
            reasonCode: protocolVersion === 5 ? 0x87 : 5,
            says: /refused the connection: Not authorized; check username and password/,
            cause: null,
          },
        )
        expect(String(error.stack)).not.toContain('sesame')
      })
    }
  }

  test('are the same over each transport', async () => {
    for (const scheme of SCHEMES) {
      await expectFailure(
        broker.urls[scheme],
        { username: 'ann', password: 'no', tls: scheme.endsWith('s') && scheme !== 'ws' ? { ca: broker.ca } : false },
        {
          code: 'NOT_AUTHORIZED',
          phase: 'connack',
          retryable: false,
          reasonCode: 5,
          says: /check username and password/,
          cause: null,
        },
      )
    }
  })
})

describe('a process', () => {
  test.each([
    ['refuses', async () => ({ port: await freePort(), [Symbol.asyncDispose]: async () => {} }), 'ECONNREFUSED tcp'],
    ['is silent', serveSilence, 'ETIMEDOUT tls'],
  ])('ends by itself after connect failed at a server that %s', async (_, start, expected) => {
    await using server = await start()
    const script = `
      import { connect } from ${JSON.stringify(fileURLToPath(new URL('../../dist/node/index.js', import.meta.url)))}
      connect('mqtts://127.0.0.1:${server.port}', { connectTimeout: 300 }).catch((error) => console.log(error.code, error.phase))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { timeout: 15_000 })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    const [code] = await once(child, 'close')
    expect({ code, said }).toEqual({ code: 0, said: `${expected}\n` })
  })

  test('hears of a failure in one promise, and of nothing else', async () => {
    const heard: unknown[] = []
    const hear = (error: unknown): void => void heard.push(error)
    process.on('unhandledRejection', hear).on('uncaughtException', hear)
    await connect(`wss://127.0.0.1:${broker.ports.ws}`).catch(() => {})
    await connect(`mqtts://127.0.0.1:${await freePort()}`).catch(() => {})
    await new Promise((turn) => setImmediate(turn))
    process.off('unhandledRejection', hear).off('uncaughtException', hear)
    expect(heard).toEqual([])
  })
})
