import { describe, expect, it } from 'vitest'
import { encodePacket, PacketReader } from '../../../src/codec/index.js'
import { measurePublish } from '../../../src/codec/packet.js'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { bytes, decode, hex, str, VERSIONS, wrap } from '../support/wire.js'

const old = [3, 4] as const

describe('PUBLISH', () => {
  matchesGolden('publish')

  it('takes defaults for all but the topic', () => {
    expect(hex(encodePacket({ type: 'publish', topic: 'a' }, 4))).toBe('3003000161')
  })

  it('gives the payload as a view of the chunk', () => {
    const chunk = bytes('30 05 0001 61 6869')
    const [packet] = new PacketReader({ protocolVersion: 4 }).push(chunk)
    expect(packet?.type === 'publish' && packet.payload.buffer).toBe(chunk.buffer)
  })

  it('keeps U+FEFF [MQTT-1.5.4-3]', () => {
    expect(decode(wrap('30', '0004 efbbbf61'), 4)[0]).toMatchObject({ topic: '\ufeffa' })
  })

  it('takes properties that are undefined for absent', () => {
    expect(hex(encodePacket({ type: 'publish', topic: 'a', properties: { contentType: undefined } }, 5))).toBe(
      '300400016100',
    )
    expect(hex(encodePacket({ type: 'publish', topic: 'a', properties: { contentType: undefined } }, 4))).toBe(
      '3003000161',
    )
  })

  it('reads a topic of 65535 bytes and a payload of many', () => {
    const topic = 'ä'.repeat(32_767)
    const payload = new Uint8Array(300_000).fill(7)
    const encoded = encodePacket({ type: 'publish', topic, payload }, 5)
    const [packet] = new PacketReader().push(encoded)
    // Not by toMatchObject, which takes seconds for so many.
    expect(packet?.type === 'publish' && packet.topic === topic && Buffer.compare(packet.payload, payload)).toBe(0)
  })

  it('says in advance how many bytes it takes', () => {
    const packet = {
      type: 'publish',
      dup: false,
      qos: 1,
      retain: false,
      topic: 'a/b',
      packetId: 1,
      properties: { userProperties: [['ä', '']] as [string, string][] },
      payload: new Uint8Array(200),
    } as const
    // Fixed header 3, topic 5, packet id 2, properties 1 + 1 + 4 + 2, payload 200.
    expect(measurePublish({ ...packet, properties: { userProperties: [['ä', '']] } }, 5)).toBe(218)
    expect(measurePublish({ ...packet, properties: {} }, 4)).toBe(210)
  })

  refusesBytes([
    ['QoS 3 [MQTT-3.3.1-4]', VERSIONS, '36', 0x81, 'publish.qos'],
    ['DUP at QoS 0 [MQTT-3.3.1-2]', VERSIONS, '38', 0x81, 'publish.dup'],
    ['+ in the topic [MQTT-3.3.2-2]', old, wrap('30', str('a/+')), 0x90, 'publish.topic'],
    ['# in the topic [MQTT-3.3.2-2]', 5, wrap('30', `${str('#')} 00`), 0x90, 'publish.topic'],
    ['an empty topic [MQTT-4.7.3-1]', old, wrap('30', '0000 61'), 0x82, 'publish.topic'],
    ['an empty topic without Topic Alias (§3.3.2.1)', 5, wrap('30', '0000 00'), 0x82, 'publish.topic'],
    ['packet id 0 [MQTT-2.3.1-1 of 3.1.1]', old, wrap('32', '0001 61 0000'), 0x82, 'publish.packetId'],
    ['packet id 0 [MQTT-2.2.1-4]', 5, wrap('34', '0001 61 0000 00'), 0x82, 'publish.packetId'],
    ['a missing packet id', VERSIONS, wrap('32', '0001 61'), 0x81, 'publish.packetId'],
    ['a topic that runs over the end', VERSIONS, wrap('30', '0005 6161'), 0x81, 'publish.topic'],
    ['nothing at all', VERSIONS, '3000', 0x81, 'publish.topic'],
    ['U+0000 in the topic [MQTT-1.5.4-2]', VERSIONS, wrap('30', '0003 610062 00'), 0x81, 'publish.topic'],
    ['a surrogate in the topic [MQTT-1.5.4-1]', VERSIONS, wrap('30', '0003 eda080 00'), 0x81, 'publish.topic'],
    ['an overlong form in the topic [MQTT-1.5.4-1]', VERSIONS, wrap('30', '0002 c0af 00'), 0x81, 'publish.topic'],
    ['a cut character in the topic', VERSIONS, wrap('30', '0001 c3 00'), 0x81, 'publish.topic'],
    ['a missing Property Length', 5, wrap('30', '0001 61'), 0x81, 'publish.properties'],
    ['Topic Alias 0 [MQTT-3.3.2-8]', 5, wrap('30', '0001 61 03 23 0000'), 0x94, 'topicAlias'],
    [
      'a Response Topic with a wildcard [MQTT-3.3.2-14]',
      5,
      wrap('30', `0001 61 06 08 ${str('a/#')}`),
      0x82,
      'responseTopic',
    ],
    ['Subscription Identifier 0 (§3.3.2.3.8)', 5, wrap('30', '0001 61 02 0b 00'), 0x82, 'subscriptionIdentifiers'],
  ])

  const good = { type: 'publish', topic: 'a' }
  refusesInput([
    ['QoS 3 [MQTT-3.3.1-4]', VERSIONS, { ...good, qos: 3 }, RangeError, 'publish.qos'],
    ['text as QoS', VERSIONS, { ...good, qos: '1', packetId: 1 }, TypeError, 'publish.qos'],
    ['DUP at QoS 0 [MQTT-3.3.1-2]', VERSIONS, { ...good, dup: true }, RangeError, 'publish.dup'],
    ['a number as RETAIN', VERSIONS, { ...good, retain: 1 }, TypeError, 'publish.retain'],
    ['a wildcard in the topic [MQTT-3.3.2-2]', VERSIONS, { ...good, topic: 'a/+/b' }, RangeError, 'publish.topic'],
    ['an empty topic [MQTT-4.7.3-1]', VERSIONS, { ...good, topic: '' }, RangeError, 'publish.topic'],
    ['no topic', VERSIONS, { type: 'publish' }, TypeError, 'publish.topic'],
    [
      'a topic above 65535 bytes [MQTT-4.7.3-3]',
      VERSIONS,
      { ...good, topic: 'a'.repeat(65_536) },
      RangeError,
      'publish.topic',
    ],
    ['a lone surrogate [MQTT-1.5.4-1]', VERSIONS, { ...good, topic: '\udc00a' }, RangeError, 'publish.topic'],
    ['packet id 0 [MQTT-2.2.1-3]', VERSIONS, { ...good, qos: 1, packetId: 0 }, RangeError, 'publish.packetId'],
    ['a packet id above 65535', VERSIONS, { ...good, qos: 2, packetId: 65_536 }, RangeError, 'publish.packetId'],
    ['no packet id at QoS 1 [MQTT-2.2.1-3]', VERSIONS, { ...good, qos: 1 }, TypeError, 'publish.packetId'],
    ['a packet id at QoS 0 [MQTT-2.2.1-2]', VERSIONS, { ...good, packetId: 1 }, RangeError, 'publish.packetId'],
    ['text as payload', VERSIONS, { ...good, payload: 'hello' }, TypeError, 'publish.payload'],
    ['properties before 5.0', old, { ...good, properties: { topicAlias: 1 } }, RangeError, 'publish.properties'],
    ['an array as properties of 5.0', 5, { ...good, properties: [1] }, TypeError, 'publish.properties.0'],
    ['text as properties', 5, { ...good, properties: 'x' }, TypeError, 'publish.properties'],
    [
      'Topic Alias 0 [MQTT-3.3.2-8]',
      5,
      { ...good, properties: { topicAlias: 0 } },
      RangeError,
      'publish.properties.topicAlias',
    ],
    [
      'a Response Topic with a wildcard [MQTT-3.3.2-14]',
      5,
      { ...good, properties: { responseTopic: '+' } },
      RangeError,
      'publish.properties.responseTopic',
    ],
  ])
})
