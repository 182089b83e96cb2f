/** What a server can do to a WebSocket: frames of text, borders of frames anywhere, and the wrong answer to the upgrade. */

import { expect, test } from 'vitest'
import { connect, isMqttError } from '../../platform/node/index.js'
import { noUnhandledRejections } from '../client/bench.js'
import { play, type Step } from '../support/scenario.js'
import { startScenarioServer } from '../support/wires.js'

noUnhandledRejections()

const CONNACK: readonly Step[] = [{ expect: 'connect' }, { send: '20 03 00 00 00' }]
const options = { protocolVersion: 5, keepAlive: 0, reconnect: { minDelay: 0, maxDelay: 0 } } as const

test('5.0: a text frame ends the connection with 1003, and the client connects again [MQTT-6.0.0-1]', async () => {
  await using server = await startScenarioServer('ws')
  const playing = (async () => {
    await play([...CONNACK, { text: 'd0 00' }, { closed: 1003 }], await server.wire())
    await play([...CONNACK, { expect: 'pingreq' }, { send: 'd0 00' }], await server.wire())
  })()
  const client = await connect(server.url, options)
  const ended = await new Promise<{ error: Error | undefined; retry: boolean }>((resolve) =>
    client.once('disconnect', resolve),
  )
  expect(ended).toMatchObject({ retry: true, error: { name: 'ProtocolError', reasonCode: 0x81 } })
  expect(ended.error?.message).toMatch(/sent text, not MQTT/)
  await client.connect()
  await client.ping()
  await playing
  await client.stop()
})

test('5.0: a text frame instead of CONNACK rejects the first attempt [MQTT-6.0.0-1]', async () => {
  await using server = await startScenarioServer('ws')
  const playing = server.wire().then((wire) => play([{ expect: 'connect' }, { text: 'hi' }, { closed: 1003 }], wire))
  const error = await connect(server.url, options).catch((error: unknown) => error)
  expect(isMqttError(error) && error).toMatchObject({
    code: 'MALFORMED_PACKET',
    phase: 'connack',
    message: expect.stringMatching(/sent text, not MQTT/),
  })
  await playing
})

test.each([
  ['none', false],
  ['another one', 'amqp'],
] as const)(
  '5.0 and 3.1.1: an answer to the upgrade with %s for a sub-protocol is refused, for good [MQTT-6.0.0-4]',
  async (_, chosen) => {
    await using server = await startScenarioServer('ws', chosen)
    const error = await connect(server.url, options).catch((error: unknown) => error)
    expect(isMqttError(error) && error).toMatchObject({
      code: 'WEBSOCKET_SUBPROTOCOL',
      phase: 'websocket',
      retryable: false,
      message: expect.stringContaining('"mqtt"'),
    })
  },
)

/** A PUBLISH of QoS 0 to `t`, with one byte of payload. */
const message = (number: number): string => `30 05 0001 74 00 ${(number % 256).toString(16).padStart(2, '0')}`

const BORDERS: Record<string, Step[]> = {
  'each byte in a frame of its own': [{ frames: `${message(1)} ${message(2)}`.match(/[0-9a-f]{2}/g) as string[] }],
  'each byte in a fragment of its own': [
    { fragments: `${message(1)} ${message(2)}`.match(/[0-9a-f]{2}/g) as string[] },
  ],
  'one packet and the beginning of the next in a frame': [{ frames: [`${message(1)} 30 05 00`, '01 74 00 02'] }],
  'an empty frame in the middle of a packet': [{ frames: ['30 05 0001', '', '74 00 01', '', message(2)] }],
  'two packets in a frame': [{ send: { first: message(1), second: message(2) } }],
}

test.each(Object.entries(BORDERS))('5.0: %s: the packets are read as they are [MQTT-6.0.0-2]', async (_, steps) => {
  await using server = await startScenarioServer('ws')
  const playing = server
    .wire()
    .then((wire) => play([...CONNACK, { expect: 'pingreq' }, ...steps, { send: 'd0 00' }], wire))
  const client = await connect(server.url, options)
  const heard: number[] = []
  const both = new Promise<void>((resolve) =>
    client.on('message', ({ payload }) => {
      if (heard.push(payload[0] as number) === 2) resolve()
    }),
  )
  await client.ping()
  await playing
  await both
  expect(heard).toEqual([1, 2])
  await client.stop()
})

test('5.0: ten thousand packets in one frame are all read, in order [MQTT-6.0.0-2]', async () => {
  await using server = await startScenarioServer('ws')
  const many = Array.from({ length: 10_000 }, (_, number) => message(number)).join(' ')
  const playing = server
    .wire()
    .then((wire) => play([...CONNACK, { expect: 'pingreq' }, { send: `${many} d0 00` }], wire))
  const client = await connect(server.url, options)
  const heard: number[] = []
  const all = new Promise<void>((resolve) =>
    client.on('message', ({ payload }) => {
      if (heard.push(payload[0] as number) === 10_000) resolve()
    }),
  )
  await client.ping()
  await playing
  await all
  expect(heard).toEqual(Array.from({ length: 10_000 }, (_, number) => number % 256))
  await client.stop()
})
