import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../../src/codec/index.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { decode, hex, str, VERSIONS, wrap } from '../support/wire.js'

const old = [3, 4] as const

describe('SUBSCRIBE', () => {
  matchesGolden('subscribe')

  it('takes defaults for the options', () => {
    const packet = { type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a' }] } as const
    expect(hex(encodePacket({ ...packet, subscriptions: [{ filter: 'a' }] }, 5))).toBe('820700010000016100')
  })

  it('may have DUP in 3.1 when it is sent again', () => {
    expect(decode('8a 06 0001 0001 61 00', 3)).toHaveLength(1)
  })

  refusesBytes([
    [
      'flags other than 0010 [MQTT-3.8.1-1]',
      VERSIONS,
      '80',
      0x81,
      'subscribe: expected fixed header flags of 2, got 0',
    ],
    [
      'packet id 0 [MQTT-2.3.1-1 of 3.1.1] [MQTT-2.2.1-3 of 5.0]',
      VERSIONS,
      wrap('82', '0000 00'),
      0x82,
      'subscribe.packetId: expected 1 to 65535, got 0',
    ],
    [
      'no filter [MQTT-3.8.3-3 of 3.1.1]',
      old,
      wrap('82', '0001'),
      0x82,
      'subscribe.subscriptions: expected at least one, got none',
    ],
    [
      'no filter [MQTT-3.8.3-2 of 5.0]',
      5,
      wrap('82', '0001 00'),
      0x82,
      'subscribe.subscriptions: expected at least one, got none',
    ],
    [
      'a filter without options',
      old,
      wrap('82', '0001 0001 61'),
      0x81,
      'subscribe.Subscription Options: expected 1 B, got 0 B before the end',
    ],
    [
      'QoS 3 [MQTT-3.8.3-4 of 3.1.1]',
      old,
      wrap('82', '0001 0001 61 03'),
      0x82,
      'subscribe.qos: expected 0, 1 or 2, got 3',
    ],
    ['QoS 3 (§3.8.3.1)', 5, wrap('82', '0001 00 0001 61 03'), 0x82, 'subscribe.qos: expected 0, 1 or 2, got 3'],
    [
      'Retain Handling 3 (§3.8.3.1)',
      5,
      wrap('82', '0001 00 0001 61 30'),
      0x82,
      'subscribe.retainHandling: expected 0, 1 or 2, got 3',
    ],
    [
      'reserved bits [MQTT-3.8.3-4 of 3.1.1]',
      old,
      wrap('82', '0001 0001 61 04'),
      0x81,
      'subscribe.Subscription Options: expected reserved bits of 0, got 4',
    ],
    [
      'reserved bits [MQTT-3.8.3-5]',
      5,
      wrap('82', '0001 00 0001 61 40'),
      0x81,
      'subscribe.Subscription Options: expected reserved bits of 0, got 64',
    ],
    [
      'No Local on a shared subscription [MQTT-3.8.3-4]',
      5,
      wrap('82', `0001 00 ${str('$share/g/a')} 04`),
      0x82,
      'subscribe.noLocal: expected 0 for a shared subscription, got 1',
    ],
    [
      'an empty filter [MQTT-4.7.3-1]',
      old,
      wrap('82', '0001 0000 00'),
      0x8f,
      'subscribe.filter: expected a Topic Filter, got another text',
    ],
    [
      '# before the end [MQTT-4.7.1-1]',
      5,
      wrap('82', `0001 00 ${str('a/#/b')} 00`),
      0x8f,
      'subscribe.filter: expected a Topic Filter, got another text',
    ],
    [
      '+ in a level [MQTT-4.7.1-2]',
      5,
      wrap('82', `0001 00 ${str('a+')} 00`),
      0x8f,
      'subscribe.filter: expected a Topic Filter, got another text',
    ],
    [
      '$share without a filter [MQTT-4.8.2-2]',
      5,
      wrap('82', `0001 00 ${str('$share/g')} 00`),
      0x8f,
      'subscribe.filter: expected a Topic Filter, got another text',
    ],
    [
      'a filter that is no UTF-8 [MQTT-3.8.3-1]',
      5,
      wrap('82', '0001 00 0001 ff 00'),
      0x81,
      'subscribe.filter: expected UTF-8 without surrogates and U+0000, got other bytes',
    ],
    [
      'Subscription Identifier 0 (§3.8.2.1.2)',
      5,
      wrap('82', '0001 02 0b 00 0001 61 00'),
      0x82,
      'subscribe.properties.subscriptionIdentifier: expected 1 or more, got 0',
    ],
    [
      'two Subscription Identifiers (§3.8.2.1.2)',
      5,
      wrap('82', '0001 04 0b 01 0b 02 0001 61 00'),
      0x82,
      'subscribe.properties.subscriptionIdentifier: expected once, got it again',
    ],
  ])

  const good = { type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a', qos: 0 }] }
  const asking = (options: object) => ({ ...good, subscriptions: [{ filter: 'a', ...options }] })
  refusesInput([
    [
      'packet id 0',
      VERSIONS,
      { ...good, packetId: 0 },
      RangeError,
      'subscribe.packetId: expected an integer from 1 to 65535, got 0',
    ],
    [
      'no filters [MQTT-3.8.3-3 of 3.1.1] [MQTT-3.8.3-2 of 5.0]',
      VERSIONS,
      { ...good, subscriptions: [] },
      RangeError,
      'subscribe.subscriptions: expected at least one, got an array of 0',
    ],
    [
      'no array',
      VERSIONS,
      { ...good, subscriptions: 'a' },
      TypeError,
      'subscribe.subscriptions: expected an array, got "a"',
    ],
    [
      'null for a subscription',
      VERSIONS,
      { type: 'subscribe', packetId: 1, subscriptions: [null] },
      TypeError,
      'subscribe.subscriptions: expected objects, got null',
    ],
    [
      'a number as No Local',
      VERSIONS,
      { type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a', noLocal: 1 }] },
      TypeError,
      'subscribe.noLocal: expected true or false, got 1',
    ],
    [
      'text as Retain As Published',
      VERSIONS,
      { type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a', retainAsPublished: 'yes' }] },
      TypeError,
      'subscribe.retainAsPublished: expected true or false, got "yes"',
    ],
    [
      'text for a subscription',
      VERSIONS,
      { ...good, subscriptions: ['a'] },
      TypeError,
      'subscribe.subscriptions: expected objects, got "a"',
    ],
    ['QoS 3', VERSIONS, asking({ qos: 3 }), RangeError, 'subscribe.qos: expected an integer from 0 to 2, got 3'],
    [
      'an empty filter',
      VERSIONS,
      asking({ filter: '' }),
      RangeError,
      'subscribe.filter: expected a Topic Filter: + and # as whole levels, # last, $share/name/filter, got ""',
    ],
    [
      'a malformed filter',
      VERSIONS,
      asking({ filter: 'a#' }),
      RangeError,
      'subscribe.filter: expected a Topic Filter: + and # as whole levels, # last, $share/name/filter, got "a#"',
    ],
    [
      'a malformed $share',
      VERSIONS,
      asking({ filter: '$share//a' }),
      RangeError,
      'subscribe.filter: expected a Topic Filter: + and # as whole levels, # last, $share/name/filter, got "$share//a"',
    ],
    ['a number as filter', VERSIONS, asking({ filter: 1 }), TypeError, 'subscribe.filter: expected a string, got 1'],
    [
      'No Local on a shared subscription [MQTT-3.8.3-4]',
      5,
      asking({ filter: '$share/g/a', noLocal: true }),
      RangeError,
      'subscribe.noLocal: expected false for a shared subscription, got true',
    ],
    [
      'Retain Handling 3',
      5,
      asking({ retainHandling: 3 }),
      RangeError,
      'subscribe.retainHandling: expected an integer from 0 to 2, got 3',
    ],
    [
      'options of 5.0 before it',
      old,
      asking({ retainAsPublished: true }),
      RangeError,
      'subscribe.subscriptions: expected no options but qos before MQTT 5.0, got "a"',
    ],
    [
      'Subscription Identifier 0',
      5,
      { ...good, properties: { subscriptionIdentifier: 0 } },
      RangeError,
      'subscribe.properties.subscriptionIdentifier: expected an integer from 1 to 268435455, got 0',
    ],
  ])
})
