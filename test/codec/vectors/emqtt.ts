/**
 * The vectors of the Erlang client, from `emqtt.json`: emqx/emqtt, test/emqtt_frame_SUITE.erl (Apache-2.0), as its
 * `origin` says. They use other names for the fields; here they get ours. None was found to be at odds with the
 * standards: "strict mode" there is how this codec always is.
 */

import { readFileSync } from 'node:fs'
import type { PacketInput, ProtocolVersion } from '../../../src/codec/index.js'

interface Foreign {
  cmd: string
  protocolVersion?: ProtocolVersion
  bridgeMode?: boolean
  clientId?: string
  clean?: boolean
  keepalive?: number
  will?: { topic: string; payload: string; qos: 0 | 1 | 2; retain: boolean }
  username?: string
  password?: string
  returnCode?: number
  sessionPresent?: boolean
  topic?: string
  payload?: string
  qos?: 0 | 1 | 2
  dup?: boolean
  retain?: boolean
  messageId?: number
}

export interface Vector {
  kind: 'decode' | 'encode' | 'decode-error' | 'encode-error'
  name: string
  version: ProtocolVersion
  hex?: string
  packet?: Foreign
}

const file = readFileSync(new URL('./emqtt.json', import.meta.url), 'utf8')

export const VECTORS: readonly Vector[] = JSON.parse(file).vectors

const utf8 = (text: string) => new TextEncoder().encode(text)

/** The vector's packet in our names, without what it does not tell. */
export function ours(foreign: Foreign): PacketInput {
  switch (foreign.cmd) {
    case 'connect':
      return {
        type: 'connect',
        protocolVersion: foreign.protocolVersion ?? 4,
        bridgeMode: foreign.bridgeMode ?? false,
        cleanStart: foreign.clean ?? true,
        keepAlive: foreign.keepalive ?? 0,
        clientId: foreign.clientId ?? '',
        will: foreign.will && { ...foreign.will, payload: utf8(foreign.will.payload), properties: {} },
        username: foreign.username,
        password: foreign.password === undefined ? undefined : utf8(foreign.password),
        properties: {},
      }
    case 'connack':
      return {
        type: 'connack',
        sessionPresent: foreign.sessionPresent ?? false,
        reasonCode: foreign.returnCode ?? 0,
        properties: {},
      }
    case 'publish':
      return {
        type: 'publish',
        dup: foreign.dup ?? false,
        qos: foreign.qos ?? 0,
        retain: foreign.retain ?? false,
        topic: foreign.topic ?? '',
        packetId: foreign.messageId,
        properties: {},
        payload: utf8(foreign.payload ?? ''),
      }
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { type: foreign.cmd, packetId: foreign.messageId ?? 0, reasonCode: 0, properties: {} }
    case 'disconnect':
      return { type: 'disconnect', reasonCode: 0, properties: {} }
    default:
      throw new Error(`a vector of a new kind: ${foreign.cmd}`)
  }
}
