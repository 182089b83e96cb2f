/** What the judge writes down: of a message on its way to the server, and of a network connection. */

import type { Packet } from '../../../src/codec/index.js'
import type { Connect } from '../../../src/codec/packets/connect.js'
import type { Theirs } from '../../../src/session/limits.js'
import type { Message } from './messages.js'

/** One of our messages, from PUBLISH to its last answer. */
export interface Exchange {
  message: Message
  stage: 'published' | 'received' | 'released'
}

/** A network connection. */
export class Connection {
  readonly connect: Connect
  /** CONNECT was sent. */
  begun = false
  /** What CONNACK said; undefined before it. */
  theirs: Theirs | undefined
  /** DISCONNECT was sent, or the session gave up. */
  over = false
  /** Packet Identifiers of messages that were sent here and have no last answer. */
  readonly window = new Set<number>()
  /** Messages that were sent here. */
  readonly sent = new Set<Message>()
  readonly aliases = new Map<number, string>()
  readonly calls = new Map<number, Packet>()
  /** PUBRECs that came and have no PUBREL yet. */
  readonly pubrecs = new Map<number, number>()
  /** PUBRELs that a session which goes on owes first, in order. */
  owed: number[] = []
  /** The last message of QoS 1 and 2, and of QoS 0, that was sent here. */
  readonly last: [number, number] = [-1, -1]

  constructor(connect: Connect) {
    this.connect = connect
  }
}
