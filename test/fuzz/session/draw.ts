/** What a run of the session begins with, and what its packets say: drawn from the fuzzer's bytes, valid each. */

import { encodePacket, type Packet, type PacketInput, PacketReader } from '../../../src/codec/index.js'
import type { ConnackInput } from '../../../src/codec/packets/connack.js'
import type { Connect } from '../../../src/codec/packets/connect.js'
import type { ProtocolVersion } from '../../../src/codec/protocol.js'
import type { SessionSettings } from '../../../src/session/session.js'
import { UNLIMITED } from '../../support/unlimited.js'
import type { Choices } from '../choices.js'

const never = Number.POSITIVE_INFINITY

const OUTBOXES = [
  UNLIMITED,
  { ...UNLIMITED, maxMessages: 3 },
  { ...UNLIMITED, maxMessages: 2, whenFull: 'drop-oldest' },
  { ...UNLIMITED, maxBytes: 60, whenFull: 'drop-newest' },
  { ...UNLIMITED, maxMessages: 3, whenFull: 'latest-per-topic' },
  { ...UNLIMITED, maxAge: 1_500, offlineQos0: 'drop' },
] as const

export const METHOD = 'method'

/** What holds for a whole run. */
export interface Setting {
  readonly settings: SessionSettings
  /** The server may send anything. Otherwise it keeps to the standard, and the session has to get on with it. */
  readonly hostile: boolean
  readonly authenticates: boolean
}

export function drawSetting(choices: Choices): Setting {
  const version = choices.pick([5, 4, 3, 5] as const)
  const settings = {
    version,
    ackTimeout: choices.pick([5_000, 1_000]),
    retryInterval: choices.pick([never, 3_000]),
    maxInflight: choices.pick([never, 1, 2, 65_535]),
    retryCalls: choices.pick([true, false]),
    forcePing: choices.rarely(4),
    autoAck: choices.pick([true, false, 'never', true] as const),
    outbox: choices.pick(OUTBOXES),
  }
  return { settings, hostile: choices.rarely(2), authenticates: choices.rarely(4) && version === 5 }
}

export function drawConnect(choices: Choices, { settings: { version }, authenticates }: Setting): Connect {
  return packetOf(
    {
      type: 'connect',
      protocolVersion: version,
      clientId: 'c',
      cleanStart: choices.rarely(3),
      keepAlive: choices.pick([0, 4]),
      ...(version === 5 && {
        properties: {
          receiveMaximum: choices.pick([undefined, 1, 3]),
          topicAliasMaximum: choices.pick([undefined, 2]),
          ...(authenticates && { authenticationMethod: METHOD }),
        },
      }),
    },
    version,
  ) as Connect
}

/** One that accepts. */
export function drawConnack(
  choices: Choices,
  { cleanStart }: Connect,
  { settings: { version }, authenticates }: Setting,
): ConnackInput {
  const sessionPresent = version > 3 && !cleanStart && !choices.rarely(3)
  if (version < 5) return { type: 'connack', sessionPresent }
  return {
    type: 'connack',
    sessionPresent,
    properties: {
      receiveMaximum: choices.pick([undefined, 1, 2, 5]),
      topicAliasMaximum: choices.pick([undefined, 1, 3]),
      maximumPacketSize: choices.pick([undefined, undefined, 40, 24]),
      maximumQos: choices.pick([undefined, undefined, undefined, 1, 0] as const),
      retainAvailable: choices.pick([undefined, undefined, false]),
      serverKeepAlive: choices.pick([undefined, undefined, 3]),
      wildcardSubscriptionAvailable: choices.pick([undefined, undefined, false]),
      sharedSubscriptionAvailable: choices.pick([undefined, undefined, false]),
      subscriptionIdentifierAvailable: choices.pick([undefined, undefined, false]),
      ...(authenticates && { authenticationMethod: METHOD }),
    },
  }
}

/** A packet that a server may not send now, mostly. */
export function drawHostile(choices: Choices, version: ProtocolVersion): PacketInput {
  const packetId = 1 + choices.below(6)
  const reasonCode = version === 5 ? choices.pick([0, 0, 0x80]) : 0
  switch (choices.below(9)) {
    case 0:
      return { type: 'puback', packetId, reasonCode }
    case 1:
      return { type: 'pubrec', packetId, reasonCode }
    case 2:
      return { type: 'pubcomp', packetId, reasonCode: reasonCode && 0x92 }
    case 3:
      return { type: 'pubrel', packetId, reasonCode: reasonCode && 0x92 }
    case 4:
      return { type: 'suback', packetId, reasonCodes: [0, 1].slice(choices.below(2)) }
    case 5:
      return { type: 'unsuback', packetId, reasonCodes: version === 5 ? [0, 0].slice(choices.below(2)) : [] }
    case 6:
      return { type: 'connack', reasonCode: version === 5 && choices.rarely(2) ? 0x87 : 0 }
    case 7:
      return version === 5 ? drawAuth(choices) : { type: 'pingresp' }
    default: {
      const qos = choices.pick([0, 1, 2] as const)
      const topicAlias = version === 5 ? choices.pick([undefined, 1, 2, 3]) : undefined
      const topic = topicAlias && choices.rarely(2) ? '' : choices.pick(['a', 'b'])
      return {
        type: 'publish',
        topic,
        qos,
        packetId: qos ? packetId : undefined,
        dup: qos > 0 && choices.rarely(3),
        properties: { topicAlias },
      }
    }
  }
}

export function drawAuth(choices: Choices): PacketInput {
  const reasonCode = choices.pick([0x18, 0x19, 0])
  return { type: 'auth', reasonCode, properties: { authenticationMethod: choices.rarely(5) ? 'other' : METHOD } }
}

/** A packet as its receiver has it. */
export function packetOf(input: PacketInput, version: ProtocolVersion): Packet {
  const [packet] = new PacketReader({ protocolVersion: version }).push(encodePacket(input, version))
  return packet as Packet
}
