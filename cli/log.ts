/** `--log-level`: what passes between client and server, told on stderr. */

import type { Client } from '../platform/node/index.js'
import { say } from './output.js'

export type LogLevel = 'error' | 'warning' | 'info' | 'debug'

export function logPackets(client: Client, level: LogLevel): void {
  if (level !== 'info' && level !== 'debug') return
  const all = level === 'debug'

  client.on('packetreceive', (packet) => {
    if (all || packet.type === 'connack' || packet.type === 'suback' || packet.type === 'disconnect') {
      say(`Client ${client.clientId} received ${summary(packet)}`)
    }
  })
  if (all)
    client.on('packetsend', (packet) => {
      if (!SAID_ANYWAY.has(packet.type)) say(`Client ${client.clientId} sent ${summary(packet)}`)
    })
}

const SAID_ANYWAY = new Set(['connect', 'publish', 'disconnect'])

/** Its type in capitals and the fields that matter most. */
function summary(packet: { readonly type: string }): string {
  const fields = Object.entries(packet).flatMap(([name, value]) => {
    const label = LABELS[name]
    return label === undefined || value === undefined
      ? []
      : [`${label} ${Array.isArray(value) ? value.join(' ') : value}`]
  })
  const type = packet.type.toUpperCase()
  return fields.length === 0 ? type : `${type} (${fields.join(', ')})`
}

const LABELS: Record<string, string> = {
  packetId: 'id',
  qos: 'QoS',
  topic: 'topic',
  sessionPresent: 'session present',
  reasonCode: 'reason',
  reasonCodes: 'reasons',
}
