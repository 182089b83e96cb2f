/** The 27 properties of 5.0, each in every packet that may carry it and in no other, over a real connection. */

import { describe, expect, test } from 'vitest'

import type { Properties } from '../../src/codec/index.js'

import { type Carrier, READERS, SENDERS } from './carriers.js'
import { startPeer } from './peer.js'

const MESSAGE: Carrier[] = ['publish', 'will']
/** What a client says a Reason String in, and what it reads one in (§3.4.2.2.2 and its like). */
const OUR_ANSWERS: Carrier[] = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'disconnect', 'auth']
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
    [],
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
  ['authenticationMethod', TEXT, ['connect', 'auth'], ['connack', 'auth']],
  ['authenticationData', BYTES, ['connect', 'auth'], ['connack', 'auth']],
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
  ['maximumPacketSize', UINT32_FROM_1, ['connect'], ['connack']],
  ['wildcardSubscriptionAvailable', FLAGS, [], ['connack']],
  ['subscriptionIdentifierAvailable', FLAGS, [], ['connack']],
  ['sharedSubscriptionAvailable', FLAGS, [], ['connack']],
]

describe('a property', () => {
  test.each(TABLE)(
    '%s is taken in the packets that may carry it, within its range, and refused by name elsewhere',
    async (name, [good, bad], sent, read) => {
      await using peer = await startPeer()
      // §3.1.2.11.10: data comes with a method.
      const withValue = (value: unknown): Properties =>
        ({ [name]: value, ...(name === 'authenticationData' && { authenticationMethod: 'm' }) }) as Properties

      for (const [carrier, send] of Object.entries(SENDERS)) {
        const field = `${carrier === 'will' ? 'connect.will' : carrier}.properties.${name}`
        if (!sent.includes(carrier as Carrier)) {
          // A server's DISCONNECT may say where else to go, and nothing says that a client's may not (§3.14.2.2.5).
          if (`${carrier}.${name}` === 'disconnect.serverReference') continue
          await expect(send(peer, withValue(good.at(-1))), field).rejects.toThrow(field)
          continue
        }
        for (const value of good) {
          if (Array.isArray(value) && value.length === 0) continue
          expect((await send(peer, withValue(value)))[name], field).toEqual(value)
        }
        for (const value of bad) await expect(send(peer, withValue(value)), field).rejects.toThrow(field)
      }
      for (const carrier of read) {
        const readOf = READERS[carrier]
        if (!readOf) continue
        for (const value of good) {
          if (Array.isArray(value) && value.length === 0) continue
          expect((await readOf(peer, withValue(value)))[name], carrier).toEqual(value)
        }
      }
    },
  )
})
