/** What the parts of a session share: the time, the server's limits, and where they put what to send and what to tell. */

import { measurePacket, type Packet } from '../codec/packet.js'
import type { Ack, AckProperties } from '../codec/packets/acks.js'
import type { Disconnect } from '../codec/packets/disconnect.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import type { ProtocolVersion } from '../codec/protocol.js'
import type { MqttError } from '../errors.js'
import type { SessionEvent } from './events.js'
import { InFlight } from './in-flight.js'
import type { Journal } from './journal.js'
import { KeepAlive } from './keepalive.js'
import type { Theirs } from './limits.js'
import { Outbox, type OutboxLimits } from './outbox.js'
import { PacketIds } from './packet-ids.js'
import type { Call, Delivery, Entry } from './records.js'

export interface SessionSettings {
  readonly version: ProtocolVersion
  /** ms to wait for SUBACK, UNSUBACK and PINGRESP. */
  readonly ackTimeout: number
  /** ms to wait for the answer to PUBLISH and PUBREL; Infinity is for ever. */
  readonly retryInterval: number
  /** Infinity where the application did not say. */
  readonly maxInflight: number
  /** Whether SUBSCRIBE and UNSUBSCRIBE are sent again on the next connection. */
  readonly retryCalls: boolean
  readonly forcePing: boolean
  readonly outbox: OutboxLimits
  /** 'never' leaves PUBREL and PUBCOMP to the caller. */
  readonly autoAck: boolean | 'never'
  /** What has to be written; undefined where the session is in memory alone. */
  readonly journal?: Journal | undefined
}

/** No packet. Nothing is pushed to it. */
export const NONE: Packet[] = []

export class Link {
  readonly settings: SessionSettings
  /** As the caller gave it last. */
  now = 0
  /** From CONNACK to the end of the network connection; else nothing may be sent. */
  theirs: Theirs | undefined
  keepAlive = new KeepAlive(0, 0, false, 0)
  packets: Packet[] = NONE
  events: SessionEvent[] = []
  /**
   * In flight, by Packet Identifier. The order is that of sending again [MQTT-4.6.0-1]: PUBREC moves an entry to the
   * end.
   */
  readonly messages = new InFlight<Entry>()
  /** Messages that wait, with what was in flight on the last connection and has no room on this one: that is in both. */
  readonly waiting: Outbox
  /**
   * Messages of QoS 2 from PUBLISH to PUBREL, by the server's Packet Identifier; a part of the session (§4.1). Made with
   * the first.
   */
  held: Map<number, Delivery> | undefined
  /** Sent and not answered, by Packet Identifier, in the order of sending. */
  readonly calls = new InFlight<Call>()
  readonly ids = new PacketIds(this.messages, this.calls)
  readonly journal: Journal | undefined

  constructor(settings: SessionSettings) {
    this.settings = settings
    this.journal = settings.journal
    this.waiting = new Outbox(settings.outbox)
  }

  send(packet: Packet): void {
    // Mostly it is the only one, and a list that the first is pushed to takes room for 16 more: a tenth of a publish.
    if (this.packets === NONE) this.packets = [packet]
    else this.packets.push(packet)
    this.keepAlive.sent(this.now)
  }

  /** Sends what may have properties of the application's: they are left out where they cannot go along. */
  answer(packet: Ack | Disconnect): void {
    const { version } = this.settings
    // [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.14.2-3] [MQTT-3.14.2-4]
    const fits =
      packet.properties === NO_PROPERTIES ||
      (version === 5 && measurePacket(packet, version) <= (this.theirs?.maximumPacketSize ?? Infinity))
    this.send(fits ? packet : { ...packet, properties: NO_PROPERTIES })
  }

  /** Sends PUBREL or PUBCOMP. 3.x has no Reason Codes: there `reasonCode` goes unsaid. */
  release(
    type: 'pubrel' | 'pubcomp',
    packetId: number,
    reasonCode = 0,
    properties: AckProperties = NO_PROPERTIES,
  ): void {
    const said = this.settings.version === 5 ? reasonCode : 0
    this.answer({ type, packetId, reasonCode: said, properties })
  }

  /** Tells who waits for `request`, if anybody still does, that it failed. */
  reject(request: { tag: unknown }, error: () => MqttError): void {
    const { tag } = request
    request.tag = undefined
    if (tag !== undefined) this.events.push({ type: 'rejected', tag, error: error() })
  }
}
