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
    ['flags other than 0010 [MQTT-3.8.1-1]', VERSIONS, '80', 0x81, 'subscribe'],
    [
      'packet id 0 [MQTT-2.3.1-1 of 3.1.1] [MQTT-2.2.1-3 of 5.0]',
      VERSIONS,
      wrap('82', '0000 00'),
      0x82,
      'subscribe.packetId',
    ],
    ['no filter [MQTT-3.8.3-3 of 3.1.1]', old, wrap('82', '0001'), 0x82, 'subscribe.subscriptions'],
    ['no filter [MQTT-3.8.3-2 of 5.0]', 5, wrap('82', '0001 00'), 0x82, 'subscribe.subscriptions'],
    ['a filter without options', old, wrap('82', '0001 0001 61'), 0x81, 'Subscription Options'],
    ['QoS 3 [MQTT-3.8.3-4 of 3.1.1]', old, wrap('82', '0001 0001 61 03'), 0x82, 'subscribe.qos'],
    ['QoS 3 (§3.8.3.1)', 5, wrap('82', '0001 00 0001 61 03'), 0x82, 'subscribe.qos'],
    ['Retain Handling 3 (§3.8.3.1)', 5, wrap('82', '0001 00 0001 61 30'), 0x82, 'subscribe.retainHandling'],
    ['reserved bits [MQTT-3.8.3-4 of 3.1.1]', old, wrap('82', '0001 0001 61 04'), 0x81, 'reserved'],
    ['reserved bits [MQTT-3.8.3-5]', 5, wrap('82', '0001 00 0001 61 40'), 0x81, 'reserved'],
    [
      'No Local on a shared subscription [MQTT-3.8.3-4]',
      5,
      wrap('82', `0001 00 ${str('$share/g/a')} 04`),
      0x82,
      'subscribe.noLocal',
    ],
    ['an empty filter [MQTT-4.7.3-1]', old, wrap('82', '0001 0000 00'), 0x8f, 'subscribe.filter'],
    ['# before the end [MQTT-4.7.1-1]', 5, wrap('82', `0001 00 ${str('a/#/b')} 00`), 0x8f, 'subscribe.filter'],
    ['+ in a level [MQTT-4.7.1-2]', 5, wrap('82', `0001 00 ${str('a+')} 00`), 0x8f, 'subscribe.filter'],
    [
      '$share without a filter [MQTT-4.8.2-2]',
      5,
      wrap('82', `0001 00 ${str('$share/g')} 00`),
      0x8f,
      'subscribe.filter',
    ],
    ['a filter that is no UTF-8 [MQTT-3.8.3-1]', 5, wrap('82', '0001 00 0001 ff 00'), 0x81, 'subscribe.filter'],
    [
      'Subscription Identifier 0 (§3.8.2.1.2)',
      5,
      wrap('82', '0001 02 0b 00 0001 61 00'),
      0x82,
      'subscriptionIdentifier',
    ],
    [
      'two Subscription Identifiers (§3.8.2.1.2)',
      5,
      wrap('82', '0001 04 0b 01 0b 02 0001 61 00'),
      0x82,
      'subscriptionIdentifier',
    ],
  ])

  const good = { type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a', qos: 0 }] }
  const asking = (options: object) => ({ ...good, subscriptions: [{ filter: 'a', ...options }] })
  refusesInput([
    ['packet id 0', VERSIONS, { ...good, packetId: 0 }, RangeError, 'subscribe.packetId'],
    [
      'no filters [MQTT-3.8.3-3 of 3.1.1] [MQTT-3.8.3-2 of 5.0]',
      VERSIONS,
      { ...good, subscriptions: [] },
      RangeError,
      'subscribe.subscriptions',
    ],
    ['no array', VERSIONS, { ...good, subscriptions: 'a' }, TypeError, 'subscribe.subscriptions'],
    ['text for a subscription', VERSIONS, { ...good, subscriptions: ['a'] }, TypeError, 'subscribe.subscriptions'],
    ['QoS 3', VERSIONS, asking({ qos: 3 }), RangeError, 'subscribe.qos'],
    ['an empty filter', VERSIONS, asking({ filter: '' }), RangeError, 'subscribe.filter'],
    ['a malformed filter', VERSIONS, asking({ filter: 'a#' }), RangeError, 'subscribe.filter'],
    ['a malformed $share', VERSIONS, asking({ filter: '$share//a' }), RangeError, 'subscribe.filter'],
    ['a number as filter', VERSIONS, asking({ filter: 1 }), TypeError, 'subscribe.filter'],
    [
      'No Local on a shared subscription [MQTT-3.8.3-4]',
      5,
      asking({ filter: '$share/g/a', noLocal: true }),
      RangeError,
      'subscribe.noLocal',
    ],
    ['Retain Handling 3', 5, asking({ retainHandling: 3 }), RangeError, 'subscribe.retainHandling'],
    ['options of 5.0 before it', old, asking({ retainAsPublished: true }), RangeError, 'subscribe.subscriptions'],
    [
      'Subscription Identifier 0',
      5,
      { ...good, properties: { subscriptionIdentifier: 0 } },
      RangeError,
      'subscribe.properties.subscriptionIdentifier',
    ],
  ])
})
