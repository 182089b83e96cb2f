/** Clauses of 5.0 that the session keeps: what is sent when, in which order, and what is kept. */

import { breaksOf } from '../breaks.js'

const FULL = 'if (this.#windowUsed >= this.window || ids.exhausted) return false'
const ANSWER = 'this.#link.answer(next.ack)'
const RELEASED = 'this.#inflight.add(entry)\n      const ours'
const BEGIN = "entry.awaits = packet.qos === 1 ? 'puback' : 'pubrec'"
/** What holds everything back while messages are at the Receive Maximum. */
const NO_QUOTA = 'this.#link.messages.size >= (this.#link.theirs?.receiveMaximum ?? 65_535)'

/** What an answer leaves unsaid where it would be too large. */
const TOO_LARGE = ['3.4.2', '3.5.2', '3.6.2', '3.7.2']
  .flatMap((section) => [`MQTT-${section}-2`, `MQTT-${section}-3`])
  .concat('MQTT-3.14.2-3', 'MQTT-3.14.2-4')
  .join(' ')

export const SESSION_5 = breaksOf('5.0', {
  'src/session/packet-ids.ts': [
    ['MQTT-2.2.1-3', 'while (this.#messages.has(this.#last) || this.#calls.has(this.#last))', 'while (false)'],
    ['MQTT-2.2.1-3', '(this.#last % HIGHEST) + 1', '(this.#last + 1) % (HIGHEST + 1)'],
  ],
  'src/session/session.ts': [
    ['MQTT-3.1.0-1', 'this.#link.send(connect)', "this.#link.send({ type: 'pingreq' })\n    this.#link.send(connect)"],
    ['MQTT-3.1.2-20', 'else if (now >= keepAlive.deadline) this.#calls.ping()', ''],
    ['MQTT-3.1.2-21 MQTT-3.2.2-21', '(properties.serverKeepAlive ?? keepAlive) * 1000', 'keepAlive * 1000'],
    ['MQTT-3.1.2-23', 'closed(): void {', 'closed(): void {\n    this.reset()'],
    ['MQTT-3.2.2-4', 'if (connack.sessionPresent && cleanStart)', 'if (false)'],
    ['MQTT-3.2.2-5', 'if (!resumed) this.#inbound.forget()', ''],
    [
      'MQTT-3.14.4-1',
      "this.#link.answer({ type: 'disconnect', reasonCode, properties })\n    this.#end()",
      "this.#link.answer({ type: 'disconnect', reasonCode, properties })",
    ],
    ['MQTT-4.12.1-2', 'if (!this.#authentication.refuse(exchange, error)) return', 'return'],
  ],
  'src/session/authentication.ts': [
    ['MQTT-3.1.2-30', 'this.#link.send(packet)', "this.#link.send(packet)\n    this.#link.send({ type: 'pingreq' })"],
    [
      'MQTT-3.15.2-2',
      'const properties = { authenticationMethod: this.#method, authenticationData }',
      "const properties = { authenticationMethod: this.#method, authenticationData, reasonString: 'r'.repeat(30) }",
    ],
    [
      'MQTT-3.15.2-3',
      'const properties = { authenticationMethod: this.#method, authenticationData }',
      "const properties = { authenticationMethod: this.#method, authenticationData, userProperties: [['r', 'r'.repeat(30)]] }",
    ],
    ['MQTT-4.12.0-3', 'exchange.ours ? 0x19 : 0x18', 'exchange.ours ? 0x19 : 0x00'],
    ['MQTT-4.12.0-5', '{ authenticationMethod: this.#method, auth', "{ authenticationMethod: 'another', auth"],
    ['MQTT-4.12.0-5', 'if (got !== this.#method)', 'if (false)'],
    [
      'MQTT-4.12.0-7',
      'if (!this.#exchange) return true',
      "if (!this.#exchange) this.#link.send({ type: 'auth', reasonCode: 0x19, properties: { authenticationMethod: 'M' } })\n    if (!this.#exchange) return true",
    ],
    [
      'MQTT-4.12.1-1',
      '{ authenticationMethod: this.#method, auth',
      "{ authenticationMethod: exchange.ours ? 'another' : this.#method, auth",
    ],
  ],
  'src/session/limits.ts': [
    ['MQTT-3.2.2-11', 'if (qos > maximumQos)', 'if (false)'],
    ['MQTT-3.2.2-14', 'if (retain && theirs.retainAvailable === false)', 'if (false)'],
    ['MQTT-3.2.2-15', 'if (size > maximumPacketSize)', 'if (false)'],
  ],
  'src/session/aliases.ts': [
    ['MQTT-3.2.2-17 MQTT-3.3.2-9', 'topicAlias > topicAliasMaximum || ', ''],
    ['MQTT-3.3.2-8', 'topicAlias = aliases.size + 1', 'topicAlias = aliases.size'],
    ['MQTT-3.3.2-10', 'if (topicAlias > maximum)', 'if (topicAlias >= maximum)'],
  ],
  'src/session/link.ts': [
    ['MQTT-3.2.2-15', '(this.theirs?.maximumPacketSize ?? Infinity)', 'Infinity'],
    [TOO_LARGE, '(this.theirs?.maximumPacketSize ?? Infinity)', '(this.theirs?.maximumPacketSize ?? Infinity) + 1'],
  ],
  'src/session/calls.ts': [
    ['MQTT-3.3.4-8', 'size > 0 && !ids.exhausted', `size > 0 && !ids.exhausted && !(${NO_QUOTA})`],
  ],
  'src/session/outbound.ts': [
    ['MQTT-3.2.2-5', 'entry.packet.dup = resumed', 'entry.packet.dup = true'],
    [
      'MQTT-3.3.1-1',
      'size, aliases, this.#link.theirs as Theirs) : packet',
      'size, aliases, this.#link.theirs as Theirs) : { ...packet, dup: false }',
    ],
    ['MQTT-3.3.2-7', 'this.#aliases = theirs', 'this.#aliases ??= theirs'],
    ['MQTT-3.2.2-18', 'theirs.topicAliasMaximum ? new Map() : undefined', 'new Map()'],
    ['MQTT-3.3.4-6', 'if (properties.subscriptionIdentifiers !== undefined)', 'if (false)'],
    ['MQTT-3.3.4-7 MQTT-4.9.0-2', FULL, 'if (ids.exhausted) return false'],
    ['MQTT-4.3.1-1', 'this.#send(packet, size)', 'this.#send({ ...packet, dup: true }, size)'],
    ['MQTT-4.3.2-1 MQTT-4.3.3-1', 'packet.packetId = this.#link.ids.take()', 'packet.packetId = 1'],
    ['MQTT-4.3.2-2 MQTT-4.3.3-2', BEGIN, `packet.dup = true\n    ${BEGIN}`],
    ['MQTT-4.3.2-3 MQTT-4.3.3-3', 'this.#inflight.add(entry)\n      this.#link.journal', 'this.#link.journal'],
    ['MQTT-4.3.3-4', 'if (!ours) this.#transmit(entry)', ''],
    ['MQTT-4.3.3-4', "else if (type === 'pubrec' && reasonCode < 0x80) {", "else if (type === 'pubrec') {"],
    ['MQTT-4.3.3-5', RELEASED, RELEASED.replace('add(entry)', 'delete(packetId)')],
    ['MQTT-4.3.3-6', "if (entry.awaits !== 'pubcomp' && entry.awaits !== 'pubrel') {", 'if (true) {'],
    ['MQTT-4.4.0-1', 'if (settings.version === 5) return true', ''],
    ['MQTT-4.4.0-1', 'owed.push(entry)', ''],
    ['MQTT-4.4.0-1', "if (entry.awaits === 'pubcomp') this.#transmit(entry)\n      } else", '} else'],
    [
      'MQTT-4.4.0-2',
      'this.#inflight.delete(packetId)\n      this.#count(entry, -1)',
      'if (reasonCode < 0x80) this.#inflight.delete(packetId)\n      this.#count(entry, -1)',
    ],
    ['MQTT-4.6.0-1', 'owed.push(entry)', 'owed.unshift(entry)'],
    ['MQTT-4.6.0-4', RELEASED, 'const ours'],
    ['MQTT-4.9.0-1', 'Math.min(theirs.receiveMaximum ?? 65_535, ', 'Math.min('],
  ],
  'src/session/inbound.ts': [
    ['MQTT-2.2.1-5', "'pubrec', packetId, reasonCode, properties }", "'pubrec', packetId: 1, reasonCode, properties }"],
    ['MQTT-3.3.2-7', 'this.#topics = undefined\n', ''],
    ['MQTT-3.3.4-1', "type: qos === 1 ? 'puback' : 'pubrec', packetId, r", "type: 'puback', packetId, r"],
    ['MQTT-4.3.2-4', ANSWER, `if (next.qos !== 1) ${ANSWER}`],
    ['MQTT-4.3.2-5', 'const { qos } = packet\n', 'const { qos } = packet\n    if (packet.dup && qos === 1) return\n'],
    ['MQTT-4.3.3-8', ANSWER, `if (next.qos !== 2) ${ANSWER}`],
    ['MQTT-4.3.3-9', 'if (next.qos === 2) this.#link.held?.delete(next.packetId)', ''],
    ['MQTT-4.3.3-10', 'if (qos === 2) this.#keep(delivery)', ''],
    ['MQTT-4.3.3-11', "this.#link.release('pubcomp', packetId, reasonCode, properties)", ''],
    [
      'MQTT-4.3.3-12',
      'if (this.#link.held?.delete(packetId)) this.#link',
      'if (this.#link.held?.has(packetId)) this.#link',
    ],
    ['MQTT-4.6.0-2 MQTT-4.6.0-3', 'if (this.#link.theirs) this.#answer()', 'this.#link.answer(delivery.ack)'],
    ['MQTT-4.9.0-3', ANSWER, `if (!(${NO_QUOTA})) ${ANSWER}`],
  ],
})
