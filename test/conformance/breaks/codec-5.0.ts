/** Clauses of 5.0 that the codec keeps: what may be sent and taken, and how it looks on the wire. */

import { breaksOf } from '../breaks.js'

/** Text that nobody checked. */
const unchecked = (text: string): string =>
  `sink.binary(Uint8Array.from(${text} as string, (character) => character.charCodeAt(0)), '')`
const TEXT = "else if (kind === 'text') sink.text("

const NOT_SENDABLE = 'if (unit === 0 || high !== (surrogate === 0xdc00))'

const CHECKED_FLAGS = 'if (flags !== expected && !again)'

export const CODEC_5 = breaksOf('5.0', {
  'src/codec/utf8.ts': [
    ['MQTT-1.5.4-1', NOT_SENDABLE, 'if (unit === 0)'],
    ['MQTT-1.5.4-1', 'fatal: true', 'fatal: false'],
    ['MQTT-1.5.4-2 MQTT-4.7.3-2', NOT_SENDABLE, 'if (high !== (surrogate === 0xdc00))'],
    ['MQTT-1.5.4-2 MQTT-4.7.3-2', String.raw`text.includes('\0') ? undefined : text`, 'text'],
    ['MQTT-1.5.4-3', 'ignoreBOM: true', 'ignoreBOM: false'],
    ['MQTT-4.7.3-3', 'if (bytes > MAX_BYTES)', 'if (bytes > 2 * MAX_BYTES)'],
  ],
  'src/codec/bytes.ts': [
    ['MQTT-1.5.5-1', 'while (rest > 127) {', 'while (rest > 126) {'],
    ['MQTT-1.5.5-1', 'if (byte === 0 && shift > 0)', 'if (false)'],
  ],
  'src/codec/property-list.ts': [
    [
      'MQTT-1.5.7-1',
      'for (const text of value) sink.text(text, field)',
      `sink.text(value[0], field); ${unchecked('value[1]')}`,
    ],
    [
      'MQTT-1.5.7-1',
      'return [reader.text(name), reader.text(name)]',
      'return [reader.text(name), String.fromCharCode(...reader.binary(name))]',
    ],
    ['MQTT-2.2.2-1', "sink.varint(size, '')", "if (size > 0) sink.varint(size, '')"],
    ['MQTT-3.3.2-13', TEXT, `else if (name === 'responseTopic') ${unchecked('value')}; ${TEXT}`],
    ['MQTT-3.3.2-14', "name === 'responseTopic' ? checkTopicName : undefined", 'undefined'],
    ['MQTT-3.3.2-14', "if (name === 'responseTopic' && !isTopicName(text))", 'if (false)'],
    ['MQTT-3.3.2-19', TEXT, `else if (name === 'contentType') ${unchecked('value')}; ${TEXT}`],
  ],
  'src/codec/properties.ts': [
    ['MQTT-3.3.2-8', "'topicAlias', 'uint16', PUBLISH, 1]", "'topicAlias', 'uint16', PUBLISH]"],
  ],
  'src/codec/packet.ts': [
    ['MQTT-2.1.3-1', 'puback: [0x40', 'puback: [0x41'],
    ['MQTT-2.1.3-1 MQTT-3.6.1-1 MQTT-3.14.1-1 MQTT-3.15.1-1', CHECKED_FLAGS, 'if (false)'],
    ['MQTT-3.6.1-1', 'pubrel: [0x62', 'pubrel: [0x60'],
    ['MQTT-3.8.1-1', 'subscribe: [0x82', 'subscribe: [0x80'],
    ['MQTT-3.10.1-1', 'unsubscribe: [0xa2', 'unsubscribe: [0xa0'],
    ['MQTT-3.14.1-1', CHECKED_FLAGS, "if (flags !== expected && !again && name !== 'disconnect')"],
    ['MQTT-3.15.1-1', CHECKED_FLAGS, "if (flags !== expected && !again && name !== 'auth')"],
  ],
  'src/codec/packets/connect.ts': [
    ['MQTT-3.1.2-1', "version === 3 ? 'MQIsdp' : 'MQTT'", "version === 3 ? 'MQIsdp' : 'Mqtt'"],
    ['MQTT-3.1.2-9', "emitProperties(sink, will.properties, 'will', version)", ''],
    ['MQTT-3.1.2-9', "sink.text(will.topic, 'connect.will.topic', checkTopicName)", ''],
    ['MQTT-3.1.2-9', "sink.binary(will.payload, 'connect.will.payload')", ''],
    [
      'MQTT-3.1.2-11',
      "let flags = flag(cleanStart, CLEAN_START, 'connect.cleanStart')",
      "let flags = flag(cleanStart, CLEAN_START, 'connect.cleanStart') | (will ? 0 : 0x08)",
    ],
    ['MQTT-3.1.2-12', "checkInteger(will.qos, 0, 2, 'connect.will.qos')", 'will.qos'],
    [
      'MQTT-3.1.2-13',
      "let flags = flag(cleanStart, CLEAN_START, 'connect.cleanStart')",
      "let flags = flag(cleanStart, CLEAN_START, 'connect.cleanStart') | (will ? 0 : WILL_RETAIN)",
    ],
    ['MQTT-3.1.2-16', 'if (username !== undefined) flags |= USERNAME', ''],
    ['MQTT-3.1.2-16', 'if (username !== undefined) sink.text(username', "sink.text(username ?? ''"],
    ['MQTT-3.1.2-17', "if (username !== undefined) sink.text(username, 'connect.username')", ''],
    ['MQTT-3.1.2-18', 'if (password !== undefined) flags |= PASSWORD', ''],
    ['MQTT-3.1.2-19', "sink.binary(password, 'connect.password')", ''],
    [
      'MQTT-3.1.3-1',
      "sink.text(will.topic, 'connect.will.topic', checkTopicName)\n    sink.binary(will.payload, 'connect.will.payload')",
      "sink.binary(will.payload, 'connect.will.payload')\n    sink.text(will.topic, 'connect.will.topic', checkTopicName)",
    ],
    ['MQTT-3.1.3-3', "sink.text(clientId, 'connect.clientId')", "if (clientId !== '') sink.text(clientId, '')"],
    ['MQTT-3.1.3-4', "sink.text(clientId, 'connect.clientId')", unchecked('clientId')],
    ['MQTT-3.1.3-11', "sink.text(will.topic, 'connect.will.topic', checkTopicName)", unchecked('will.topic')],
    ['MQTT-3.1.3-12', "sink.text(username, 'connect.username')", unchecked('username')],
  ],
  'src/codec/packets/publish.ts': [
    [
      'MQTT-2.2.1-2',
      'if (qos !== 0) writer.uint16(packet.packetId as number)',
      'writer.uint16(packet.packetId ?? 7) // whatever the QoS',
    ],
    ['MQTT-2.2.1-2', 'if (packetId !== undefined) throw', 'if (false) throw'],
    ['MQTT-3.3.1-1', '(packet.dup ? DUP : 0)', '0'],
    ['MQTT-3.3.1-2', 'if (dup) throw', 'if (false) throw'],
    ['MQTT-3.3.1-2', 'if (qos === 0 && (flags & DUP) !== 0)', 'if (false)'],
    ['MQTT-3.3.1-4', "checkInteger(qos, 0, 2, 'publish.qos')", ''],
    ['MQTT-3.3.1-4', 'if (qos === 3) throw', 'if (false) throw'],
    [
      'MQTT-3.3.2-1',
      'writer.text(packet.topic)\n  if (qos !== 0) writer.uint16(packet.packetId as number)',
      'if (qos !== 0) writer.uint16(packet.packetId as number)\n  writer.text(packet.topic)',
    ],
    ['MQTT-3.3.2-1', "utf8Length(topic, 'publish.topic')", 'topic.length'],
  ],
  'src/codec/topic-names.ts': [['MQTT-3.3.2-2', 'if (hasWildcard(topic)) throw', 'if (false) throw']],
  'src/codec/packets/subscribe.ts': [
    ['MQTT-3.8.3-1', "sink.text(filter, 'subscribe.filter', checkTopicFilter)", unchecked('filter')],
    ['MQTT-3.8.3-2', "checkNotEmpty(subscriptions, 'subscribe.subscriptions')", ''],
    ['MQTT-3.8.3-4', 'if (noLocal && isShared(filter)) throw outOfRange', 'if (false) throw outOfRange'],
  ],
  'src/codec/packets/unsubscribe.ts': [
    ['MQTT-3.10.3-1', "sink.text(filter, 'unsubscribe.filters', checkTopicFilter)", unchecked('filter')],
    ['MQTT-3.10.3-2', "checkNotEmpty(packet.filters, 'unsubscribe.filters')", ''],
  ],
  'src/codec/reason.ts': [
    ['MQTT-3.4.2-1', "[RELEASED, 'Packet Identifier not found']", "[RELEASED | PUBACK, 'Packet Identifier not found']"],
    ['MQTT-3.5.2-1', "[RELEASED, 'Packet Identifier not found']", "[RELEASED | PUBREC, 'Packet Identifier not found']"],
    ['MQTT-3.6.2-1', "[0x10, RECEIVED, 'No", "[0x10, RECEIVED | PUBREL, 'No"],
    ['MQTT-3.7.2-1', "[0x10, RECEIVED, 'No", "[0x10, RECEIVED | PUBCOMP, 'No"],
    ['MQTT-3.14.2-1', "[CONNACK, 'Banned']", "[ANSWERS, 'Banned']"],
    ['MQTT-3.15.2-1', "[0x04, DISCONNECT, 'D", "[0x04, DISCONNECT | AUTH, 'D"],
  ],
  'src/codec/topic.ts': [
    ['MQTT-3.3.2-2 MQTT-4.7.0-1', 'return text.length > 0 && !hasWildcard(text)', 'return text.length > 0'],
    ['MQTT-4.7.1-1', 'hash < text.length - 1 || ', ''],
    ['MQTT-4.7.1-1', ' || !isLevel(text, start, hash)', ''],
    ['MQTT-4.7.1-2', 'if (!isLevel(text, start, plus)) return false', ''],
    ['MQTT-4.7.3-1', 'return text.length > 0 && !hasWildcard(text)', 'return !hasWildcard(text)'],
    ['MQTT-4.7.3-1', 'return start < text.length //', 'return true //'],
    ['MQTT-4.8.2-1', '!isTopicName(text.slice(SHARE.length, start - 1))', 'hasWildcard(text.slice(7, start - 1))'],
    ['MQTT-4.8.2-2', '!isTopicName(text.slice(SHARE.length, start - 1))', 'start === SHARE.length + 1'],
    ['MQTT-4.8.2-2', 'if (start === 0 || ', 'if (start > 0 && '],
  ],
})
