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
    expect(packet).toMatchObject({ type: 'publish', topic })
    // Compared as a whole: byte by byte takes seconds.
    expect(packet?.type === 'publish' && Buffer.compare(packet.payload, payload)).toBe(0)
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
    ['QoS 3 [MQTT-3.3.1-4]', VERSIONS, '36', 0x81, 'publish.qos: expected 0, 1 or 2, got 3'],
    ['DUP at QoS 0 [MQTT-3.3.1-2]', VERSIONS, '38', 0x81, 'publish.dup: expected 0 at QoS 0, got 1'],
    [
      '+ in the topic [MQTT-3.3.2-2]',
      old,
      wrap('30', str('a/+')),
      0x90,
      'publish.topic: expected no + and #, got "a/+"',
    ],
    [
      '# in the topic [MQTT-3.3.2-2]',
      5,
      wrap('30', `${str('#')} 00`),
      0x90,
      'publish.topic: expected no + and #, got "#"',
    ],
    [
      '+ in a topic that is long, and that a terminal would obey',
      VERSIONS,
      wrap('30', `${str(`\x1b[2J+${'a'.repeat(300)}`)} 00`),
      0x90,
      `publish.topic: expected no + and #, got "\\u001b[2J+${'a'.repeat(35)}…"`,
    ],
    [
      'an empty topic [MQTT-4.7.3-1]',
      old,
      wrap('30', '0000 61'),
      0x82,
      'publish.topic: expected a Topic Name or a Topic Alias, got neither',
    ],
    [
      'an empty topic without Topic Alias (§3.3.2.1)',
      5,
      wrap('30', '0000 00'),
      0x82,
      'publish.topic: expected a Topic Name or a Topic Alias, got neither',
    ],
    [
      'packet id 0 [MQTT-2.3.1-1 of 3.1.1]',
      old,
      wrap('32', '0001 61 0000'),
      0x82,
      'publish.packetId: expected 1 to 65535, got 0',
    ],
    [
      'packet id 0 [MQTT-2.2.1-4]',
      5,
      wrap('34', '0001 61 0000 00'),
      0x82,
      'publish.packetId: expected 1 to 65535, got 0',
    ],
    [
      'a missing packet id',
      VERSIONS,
      wrap('32', '0001 61'),
      0x81,
      'publish.packetId: expected 2 B, got 0 B before the end',
    ],
    [
      'a topic that runs over the end',
      VERSIONS,
      wrap('30', '0005 6161'),
      0x81,
      'publish.topic: expected 5 B, got 2 B before the end',
    ],
    ['nothing at all', VERSIONS, '3000', 0x81, 'publish.topic: expected 2 B, got 0 B before the end'],
    [
      'U+0000 in the topic [MQTT-1.5.3-2 of 3.1.1] [MQTT-1.5.4-2 of 5.0] [MQTT-4.7.3-2]',
      VERSIONS,
      wrap('30', '0003 610062 00'),
      0x81,
      'publish.topic: expected UTF-8 without surrogates and U+0000, got other bytes',
    ],
    [
      'a surrogate in the topic [MQTT-1.5.3-1 of 3.1.1] [MQTT-1.5.4-1 of 5.0]',
      VERSIONS,
      wrap('30', '0003 eda080 00'),
      0x81,
      'publish.topic: expected UTF-8 without surrogates and U+0000, got other bytes',
    ],
    [
      'an overlong form in the topic [MQTT-1.5.3-1 of 3.1.1] [MQTT-1.5.4-1 of 5.0]',
      VERSIONS,
      wrap('30', '0002 c0af 00'),
      0x81,
      'publish.topic: expected UTF-8 without surrogates and U+0000, got other bytes',
    ],
    [
      'a cut character in the topic',
      VERSIONS,
      wrap('30', '0001 c3 00'),
      0x81,
      'publish.topic: expected UTF-8 without surrogates and U+0000, got other bytes',
    ],
    [
      'a missing Property Length',
      5,
      wrap('30', '0001 61'),
      0x81,
      'publish.properties: expected 1 B, got 0 B before the end',
    ],
    [
      'Topic Alias 0 [MQTT-3.3.2-8]',
      5,
      wrap('30', '0001 61 03 23 0000'),
      0x94,
      'publish.properties.topicAlias: expected 1 or more, got 0',
    ],
    [
      'a Response Topic with a wildcard [MQTT-3.3.2-14]',
      5,
      wrap('30', `0001 61 06 08 ${str('a/#')}`),
      0x82,
      'publish.properties.responseTopic: expected a Topic Name, got another text',
    ],
    [
      'Subscription Identifier 0 (§3.3.2.3.8)',
      5,
      wrap('30', '0001 61 02 0b 00'),
      0x82,
      'publish.properties.subscriptionIdentifiers: expected 1 or more, got 0',
    ],
  ])

  const good = { type: 'publish', topic: 'a' }
  refusesInput([
    [
      'QoS 3 [MQTT-3.3.1-4]',
      VERSIONS,
      { ...good, qos: 3 },
      RangeError,
      'publish.qos: expected an integer from 0 to 2, got 3',
    ],
    [
      'text as QoS',
      VERSIONS,
      { ...good, qos: '1', packetId: 1 },
      TypeError,
      'publish.qos: expected an integer from 0 to 2, got "1"',
    ],
    [
      'DUP at QoS 0 [MQTT-3.3.1-2]',
      VERSIONS,
      { ...good, dup: true },
      RangeError,
      'publish.dup: expected false at QoS 0, got true',
    ],
    ['text as DUP', VERSIONS, { ...good, dup: 'yes' }, TypeError, 'publish.dup: expected true or false, got "yes"'],
    [
      'a number as RETAIN',
      VERSIONS,
      { ...good, retain: 1 },
      TypeError,
      'publish.retain: expected true or false, got 1',
    ],
    [
      'a wildcard in the topic [MQTT-3.3.2-2]',
      VERSIONS,
      { ...good, topic: 'a/+/b' },
      RangeError,
      'publish.topic: expected a Topic Name: at least one character, no + and #, got "a/+/b"',
    ],
    [
      'an empty topic [MQTT-4.7.3-1]',
      VERSIONS,
      { ...good, topic: '' },
      RangeError,
      'publish.topic: expected a Topic Name: at least one character, no + and #, got ""',
    ],
    ['no topic', VERSIONS, { type: 'publish' }, TypeError, 'publish.topic: expected a string, got undefined'],
    [
      'a topic above 65535 bytes [MQTT-4.7.3-3]',
      VERSIONS,
      { ...good, topic: 'a'.repeat(65_536) },
      RangeError,
      `publish.topic: expected text of at most 65535 bytes in UTF-8, got 65536`,
    ],
    [
      'a lone surrogate [MQTT-1.5.3-1 of 3.1.1] [MQTT-1.5.4-1 of 5.0]',
      VERSIONS,
      { ...good, topic: '\udc00a' },
      RangeError,
      'publish.topic: expected text without U+0000 and lone surrogates, got one at 0',
    ],
    [
      'packet id 0 [MQTT-2.3.1-1 of 3.1.1] [MQTT-2.2.1-3 of 5.0]',
      VERSIONS,
      { ...good, qos: 1, packetId: 0 },
      RangeError,
      'publish.packetId: expected an integer from 1 to 65535, got 0',
    ],
    [
      'a packet id above 65535',
      VERSIONS,
      { ...good, qos: 2, packetId: 65_536 },
      RangeError,
      'publish.packetId: expected an integer from 1 to 65535, got 65536',
    ],
    [
      'no packet id at QoS 1 [MQTT-2.3.1-1 of 3.1.1] [MQTT-2.2.1-3 of 5.0]',
      VERSIONS,
      { ...good, qos: 1 },
      TypeError,
      'publish.packetId: expected an integer from 1 to 65535, got undefined',
    ],
    [
      'a packet id at QoS 0 [MQTT-2.3.1-5 of 3.1.1] [MQTT-2.2.1-2 of 5.0]',
      VERSIONS,
      { ...good, packetId: 1 },
      RangeError,
      'publish.packetId: expected undefined at QoS 0, got 1',
    ],
    ['text as payload', VERSIONS, { ...good, payload: 'hello' }, TypeError, 'publish.payload: expected a Uint8Array'],
    [
      'properties before 5.0',
      old,
      { ...good, properties: { topicAlias: 1 } },
      RangeError,
      'publish.properties: expected none before MQTT 5.0, got "topicAlias"',
    ],
    [
      'an array as properties of 5.0',
      5,
      { ...good, properties: [1] },
      TypeError,
      'publish.properties.0: expected a property of publish',
    ],
    [
      'text as properties',
      5,
      { ...good, properties: 'x' },
      TypeError,
      'publish.properties: expected an object, got "x"',
    ],
    [
      'Topic Alias 0 [MQTT-3.3.2-8]',
      5,
      { ...good, properties: { topicAlias: 0 } },
      RangeError,
      'publish.properties.topicAlias: expected an integer from 1 to 65535, got 0',
    ],
    [
      'a Response Topic with a wildcard [MQTT-3.3.2-14]',
      5,
      { ...good, properties: { responseTopic: '+' } },
      RangeError,
      'publish.properties.responseTopic: expected a Topic Name: at least one character, no + and #, got "+"',
    ],
  ])
})
