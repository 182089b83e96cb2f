/** Clauses of 3.1.1 that the session keeps. */

import { breaksOf } from '../breaks.js'

const RELEASED = 'this.#inflight.add(entry)\n      const ours'

export const SESSION_311 = breaksOf('3.1.1', {
  'src/session/session.ts': [
    ['MQTT-3.1.0-1', 'this.#link.send(connect)', "this.#link.send({ type: 'pingreq' })\n    this.#link.send(connect)"],
    ['MQTT-3.1.2-4', 'version === 3 ? !cleanStart : sessionPresent', 'false'],
    ['MQTT-3.1.2-4', 'if (!resumed) this.#inbound.forget()', 'this.#inbound.forget()'],
    ['MQTT-3.1.2-6', 'if (!resumed) this.#inbound.forget()', ''],
    [
      'MQTT-3.14.4-2',
      "this.#link.answer({ type: 'disconnect', reasonCode, properties })",
      "this.#link.answer({ type: 'disconnect', reasonCode, properties }), this.#link.send({ type: 'pingreq' })",
    ],
    [
      'MQTT-4.8.0-1',
      'if (!(error instanceof ProtocolError)) throw error\n      this.fail(error)',
      'if (!(error instanceof ProtocolError)) throw error',
    ],
  ],
  'src/session/keepalive.ts': [
    ['MQTT-3.1.2-23', ': this.#sentAt) + this.#interval', ': this.#sentAt) + 2 * this.#interval'],
  ],
  'src/session/packet-ids.ts': [
    [
      'MQTT-2.3.1-2',
      'while (this.#messages.has(this.#last) || this.#calls.has(this.#last))',
      'while (this.#calls.has(this.#last))',
    ],
  ],
  'src/session/outbox.ts': [
    ['MQTT-4.6.0-1', '[...new Set([...entries, ...left])]', '[...new Set([...entries, ...left])].reverse()'],
  ],
  'src/session/outbound.ts': [
    ['MQTT-2.3.1-3', 'if (!packet.dup) {', 'if (packet) {'],
    ['MQTT-4.3.2-1 MQTT-4.3.3-1', 'packet.packetId = this.#link.ids.take()', 'packet.packetId = 1'],
    ['MQTT-3.1.2-6', '} else if (resumed) {', '} else if (entry) {'],
    ['MQTT-3.3.1-1', 'entry.packet.dup = resumed', 'entry.packet.dup = false'],
    ['MQTT-3.3.1-3', 'entry.packet.dup = resumed', 'entry.packet.dup = true'],
    [
      'MQTT-4.3.1-1',
      'this.#send(packet, size)\n        return true',
      'this.#send({ ...packet, dup: true }, size)\n        return true',
    ],
    ['MQTT-4.3.2-1', 'owed.push(entry)', 'if (entry.packet.qos === 2) owed.push(entry)'],
    ['MQTT-4.3.3-1', "entry.awaits = ours ? 'pubrel' : 'pubcomp'", "entry.awaits = ours ? 'pubrel' : 'pubrec'"],
    ['MQTT-4.3.3-1', 'if (!ours) this.#transmit(entry)', ''],
    ['MQTT-4.4.0-1', 'owed.push(entry)', ''],
    ['MQTT-4.4.0-1', "if (entry.awaits === 'pubcomp') this.#transmit(entry)", ''],
    ['MQTT-4.6.0-4', RELEASED, 'const ours'],
  ],
  'src/session/inbound.ts': [
    ['MQTT-2.3.1-6', "'puback' : 'pubrec', packetId, reasonCode", "'puback' : 'pubrec', packetId: 1, reasonCode"],
    ['MQTT-3.3.4-1', "qos === 1 ? 'puback' : 'pubrec'", "qos === 2 ? 'puback' : 'pubrec'"],
    ['MQTT-4.3.2-2', 'this.#link.answer(next.ack)', 'if (next.qos === 2) this.#link.answer(next.ack)'],
    [
      'MQTT-4.3.3-2',
      'const held = qos === 2 ? this.#link.held?.get(packetId) : undefined',
      'const held = undefined as Delivery | undefined',
    ],
    ['MQTT-4.3.3-2', "this.#link.release('pubcomp', packetId, reasonCode, properties)", ''],
    [
      'MQTT-4.6.0-2 MQTT-4.6.0-3',
      'if (this.#link.theirs) this.#answer()',
      'if (this.#link.theirs) this.#link.answer(delivery.ack)',
    ],
  ],
})
