/** Clauses of 3.1.1 that the codec keeps. */

import { breaksOf } from '../breaks.js'

/** A text as Latin-1 in place of UTF-8. */
const latin1 = (text: string, field: string): string =>
  `sink.binary(Uint8Array.from(${text}, (character) => character.charCodeAt(0)), '${field}')`

const FLAGS = "let flags = flag(cleanStart, CLEAN_START, 'connect.cleanStart')"
const USERNAME = "if (username !== undefined) sink.text(username, 'connect.username')"
const PASSWORD = "sink.binary(password, 'connect.password')"
const CLIENT_ID = "sink.text(clientId, 'connect.clientId')"
const WILL_TOPIC = "sink.text(will.topic, 'connect.will.topic', checkTopicName)"
const WILL_PAYLOAD = "sink.binary(will.payload, 'connect.will.payload')"
const NOT_SENDABLE = 'if (unit === 0 || high !== (surrogate === 0xdc00))'
const TOPIC_NAME = 'return text.length > 0 && !hasWildcard(text)'

export const CODEC_311 = breaksOf('3.1.1', {
  'src/codec/utf8.ts': [
    ['MQTT-1.5.3-1', 'fatal: true', 'fatal: false'],
    ['MQTT-1.5.3-2', "return text.includes('\\0') ? undefined : text", 'return text'],
    ['MQTT-1.5.3-3', 'ignoreBOM: true', 'ignoreBOM: false'],
    ['MQTT-1.5.3-1', NOT_SENDABLE, 'if (unit === 0)'],
    ['MQTT-1.5.3-2 MQTT-4.7.3-2', NOT_SENDABLE, 'if (high !== (surrogate === 0xdc00))'],
    ['MQTT-4.7.3-3', 'if (bytes > MAX_BYTES)', 'if (bytes > 4 * MAX_BYTES)'],
  ],
  'src/codec/topic.ts': [
    ['MQTT-3.3.2-2 MQTT-4.7.1-1', TOPIC_NAME, 'return text.length > 0'],
    ['MQTT-4.7.3-1', TOPIC_NAME, 'return !hasWildcard(text)'],
    ['MQTT-4.7.1-2', '(hash < text.length - 1 || !isLevel(text, start, hash))', '!isLevel(text, start, hash)'],
    ['MQTT-4.7.1-3', 'if (!isLevel(text, start, plus)) return false', ''],
  ],
  'src/codec/packet.ts': [
    ['MQTT-2.2.2-1', 'pingreq: [0xc0,', 'pingreq: [0xc1,'],
    ['MQTT-2.2.2-2', 'if (flags !== expected && !again)', 'if (flags > 15)'],
    ['MQTT-3.6.1-1', 'pubrel: [0x62,', 'pubrel: [0x60,'],
    ['MQTT-3.8.1-1', '[0x82, emitSubscribe]', '[0x80, emitSubscribe]'],
    ['MQTT-3.10.1-1', '[0xa2, emitUnsubscribe]', '[0xa0, emitUnsubscribe]'],
  ],
  'src/codec/fields.ts': [
    ['MQTT-2.3.1-1', 'checkInteger(value, 1, 65_535, field)', 'checkInteger(value, 0, 65_535, field)'],
  ],
  'src/codec/packets/connect.ts': [
    ['MQTT-3.1.2-9', WILL_PAYLOAD, ''],
    ['MQTT-3.1.2-11', FLAGS, `${FLAGS} | 0x28`],
    ['MQTT-3.1.2-13', FLAGS, `${FLAGS} | 0x08`],
    ['MQTT-3.1.2-14', "checkInteger(will.qos, 0, 2, 'connect.will.qos') << 3", 'will.qos << 3'],
    ['MQTT-3.1.2-15', FLAGS, `${FLAGS} | 0x20`],
    ['MQTT-3.1.2-18', USERNAME, "sink.text(username ?? '', 'connect.username')"],
    ['MQTT-3.1.2-19', USERNAME, ''],
    ['MQTT-3.1.2-20', `${PASSWORD}\n  }`, `${PASSWORD}\n  } else sink.uint16(0, 'connect.password')`],
    ['MQTT-3.1.2-21', PASSWORD, ''],
    ['MQTT-3.1.2-22', 'if (username === undefined && version !== 5)', 'if (username === null)'],
    ['MQTT-3.1.3-1', `${WILL_TOPIC}\n    ${WILL_PAYLOAD}`, `${WILL_PAYLOAD}\n    ${WILL_TOPIC}`],
    ['MQTT-3.1.3-3', CLIENT_ID, `if (clientId !== '') ${CLIENT_ID}`],
    ['MQTT-3.1.3-4', CLIENT_ID, latin1('clientId', 'connect.clientId')],
    [
      'MQTT-3.1.3-7',
      "if (clientId === '' && !cleanStart && version !== 5) {\n    throw outOfRange(",
      'if (clientId === null) {\n    throw outOfRange(',
    ],
    ['MQTT-3.1.3-10', WILL_TOPIC, latin1('will.topic', 'connect.will.topic')],
    ['MQTT-3.1.3-11', USERNAME, `if (username !== undefined) ${latin1('username', 'connect.username')}`],
  ],
  'src/codec/packets/publish.ts': [
    [
      'MQTT-2.3.1-5',
      "if (packetId !== undefined) throw outOfRange('publish.packetId', 'undefined at QoS 0', packetId)",
      '',
    ],
    ['MQTT-3.3.1-2', "if (dup) throw outOfRange('publish.dup', 'false at QoS 0', dup)", ''],
    ['MQTT-3.3.1-4', 'if (qos === 3) throw', 'if (qos === 4) throw'],
    [
      'MQTT-3.3.2-1',
      'writer.text(packet.topic)\n  if (qos !== 0) writer.uint16(packet.packetId as number)',
      'if (qos !== 0) writer.uint16(packet.packetId as number)\n  writer.text(packet.topic)',
    ],
  ],
  'src/codec/packets/subscribe.ts': [
    ['MQTT-3.8.3-1', "sink.text(filter, 'subscribe.filter', checkTopicFilter)", latin1('filter', 'subscribe.filter')],
    ['MQTT-2.3.1-1', "'subscribe.packetId', 1)", "'subscribe.packetId')"],
    ['MQTT-3.8.3-3', "checkNotEmpty(subscriptions, 'subscribe.subscriptions')", ''],
  ],
  'src/codec/packets/unsubscribe.ts': [
    [
      'MQTT-3.10.3-1',
      "sink.text(filter, 'unsubscribe.filters', checkTopicFilter)",
      latin1('filter', 'unsubscribe.filters'),
    ],
    ['MQTT-2.3.1-1', "'unsubscribe.packetId', 1)", "'unsubscribe.packetId')"],
    ['MQTT-3.10.3-2', "checkNotEmpty(packet.filters, 'unsubscribe.filters')", ''],
  ],
})
