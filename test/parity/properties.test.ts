/** The 27 properties of 5.0, each in every packet that may carry it and in no other, over a real connection. */

import { describe, expect, test } from 'vitest'
import { Client } from '../../platform/node/index.js'

import type { Properties } from '../../src/codec/index.js'

import { type Carrier, READERS, SENDERS } from './carriers.js'
import { startPeer } from './peer.js'

const MESSAGE: Carrier[] = ['publish', 'will']
/** What a client says a Reason String in, and what it reads one in (§3.4.2.2.2 and its like). */
const OUR_ANSWERS: Carrier[] = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'disconnect']
const THEIR_ANSWERS: Carrier[] = ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback']

const BITS = [
  [0, 1],
  [2, -1, 0.5, '1', true],
] as const
const FLAGS = [
  [true, false],
  [1, 'yes'],
] as const
const UINT16 = [
  [0, 65_535],
  [-1, 65_536, 1.5, '1'],
] as const
const UINT16_FROM_1 = [
  [1, 65_535],
  [0, 65_536, 1.5, '1'],
] as const
const UINT32 = [
  [0, 4_294_967_295],
  [-1, 4_294_967_296, 1.5, '1'],
] as const
const UINT32_FROM_1 = [
  [1, 4_294_967_295],
  [0, 4_294_967_296, 1.5, '1'],
] as const
const VARINT_FROM_1 = [
  [1, 127, 128, 268_435_455],
  [0, 268_435_456, 1.5, '1'],
] as const
const TEXT = [
  ['', 'grün 🙂', 'x'.repeat(65_535)],
  ['x'.repeat(65_536), 'a\0b', '\ud800', 5, new Uint8Array()],
] as const
const BYTES = [
  [new Uint8Array(), Uint8Array.of(0, 255)],
  ['text', [1], new Uint8Array(65_536)],
] as const
const PAIRS = [
  [
    [['', '']],
    [
      ['a', '1'],
      ['b', ''],
      ['a', '2'],
    ],
  ],
  [[['a']], [['a', 1]], { a: '1' }, [['a\0', '']]],
] as const

/** Name, values that it may have and that it may not, and the packets: what we send, what the server sends (Table 2-4). */
const TABLE: [keyof Properties, readonly [readonly unknown[], readonly unknown[]], Carrier[], Carrier[]][] = [
  ['payloadFormatIndicator', BITS, MESSAGE, ['publish']],
  ['messageExpiryInterval', UINT32, MESSAGE, ['publish']],
  ['contentType', TEXT, MESSAGE, ['publish']],
  ['responseTopic', [['a/b'], ['', 'a/+', 'a/#', 'a\0b', 5]], MESSAGE, ['publish']],
  ['correlationData', BYTES, MESSAGE, ['publish']],
  ['subscriptionIdentifier', VARINT_FROM_1, ['subscribe'], []],
  ['subscriptionIdentifiers', [[[1], [3, 268_435_455, 3]], []], [], ['publish']],
  ['sessionExpiryInterval', UINT32, ['connect', 'disconnect'], ['connack']],
  ['assignedClientIdentifier', TEXT, [], ['connack']],
  ['serverKeepAlive', UINT16, [], ['connack']],
  ['requestProblemInformation', FLAGS, ['connect'], []],
  ['willDelayInterval', UINT32, ['will'], []],
  ['requestResponseInformation', FLAGS, ['connect'], []],
  ['responseInformation', TEXT, [], ['connack']],
  ['serverReference', TEXT, [], ['connack', 'disconnect']],
  ['reasonString', TEXT, OUR_ANSWERS, [...THEIR_ANSWERS, 'disconnect', 'auth']],
  ['receiveMaximum', UINT16_FROM_1, ['connect'], ['connack']],
  ['topicAliasMaximum', UINT16, ['connect'], ['connack']],
  ['topicAlias', UINT16_FROM_1, [], []],
  ['maximumQos', BITS, [], ['connack']],
  ['retainAvailable', FLAGS, [], ['connack']],
  [
    'userProperties',
    PAIRS,
    ['connect', ...MESSAGE, ...OUR_ANSWERS, 'subscribe', 'unsubscribe'],
    [...THEIR_ANSWERS, 'publish', 'disconnect', 'auth'],
  ],
  // Less than 5 bytes would leave no room for CONNACK.
  ['maximumPacketSize', [[5, 4_294_967_295], UINT32_FROM_1[1]], ['connect'], ['connack']],
  ['wildcardSubscriptionAvailable', FLAGS, [], ['connack']],
  ['subscriptionIdentifierAvailable', FLAGS, [], ['connack']],
  ['sharedSubscriptionAvailable', FLAGS, [], ['connack']],
]

describe('a property', () => {
  test.each(TABLE)(
    '%s is taken in the packets that may carry it, within its range, and refused by name elsewhere',
    async (name, [good, bad], sent, read) => {
      await using peer = await startPeer()
      const having = (value: unknown): Properties => ({ [name]: value }) as Properties
      for (const [carrier, send] of Object.entries(SENDERS)) {
        const field = `${carrier === 'will' ? 'connect.will' : carrier}.properties.${name}`
        // That a client says where else to go is of no use, and not forbidden (§3.14.2.2.5).
        if (field === 'disconnect.properties.serverReference') continue
        const taken = sent.includes(carrier as Carrier)
        for (const value of taken ? good : [])
          expect(await send(peer, having(value)), field).toMatchObject(having(value))
        for (const value of taken ? bad : good) {
          await expect(send(peer, having(value)), field).rejects.toThrow(field)
        }
      }
      for (const carrier of read) {
        const readOf = READERS[carrier] as (typeof READERS)['publish' & Carrier]
        for (const value of good) expect(await readOf?.(peer, having(value)), carrier).toMatchObject(having(value))
      }
    },
  )
})

test('a property comes at most once, in a packet that may carry it, within its range, or the connection ends', async () => {
  await using peer = await startPeer()
  const refusals: [code: number, properties: number[]][] = [
    [0x82, [0x24, 2]], // Maximum QoS is 0 or 1
    [0x82, [0x21, 0, 0]], // Receive Maximum is not 0
    [0x82, [0x25, 1, 0x25, 1]], // Retain Available comes once
    [0x81, [0x01, 1]], // Payload Format Indicator is none of CONNACK's
    [0x81, [0x12, 0, 1, 0xff]], // Assigned Client Identifier is UTF-8
  ]
  for (const [reasonCode, properties] of refusals) {
    const client = new Client({ url: peer.url, protocolVersion: 5, reconnect: false })
    const refused = client.connect().catch((error: Error) => error.cause)
    const server = await peer.conversation()
    await server.next('connect')
    server.sendBytes(Uint8Array.of(0x20, 3 + properties.length, 0, 0, properties.length, ...properties))
    expect(await server.next('disconnect'), `${properties}`).toMatchObject({ reasonCode })
    expect(await refused).toMatchObject({ name: 'ProtocolError', reasonCode })
  }
})
