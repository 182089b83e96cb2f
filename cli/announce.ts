/** What `pub` tells of its messages: a line for each, or on a terminal, where there are many, how far it is. */

import type { Client } from '../platform/node/index.js'
import { say } from './output.js'

/** So many messages have a line each also on a terminal. */
const FEW = 10

interface Publishing {
  readonly topic: string
  readonly repeat: number
  readonly lines: boolean
  readonly logLevel: string
}

/** Tells until `ended`. Returns what to call for each message that was delivered. */
export async function announce(
  client: Client,
  { topic, repeat, lines, logLevel }: Publishing,
  ended: AbortSignal,
): Promise<() => void> {
  const watched = process.stderr.isTTY && process.env.TERM !== 'dumb' && logLevel !== 'debug'
  const most = !watched ? Infinity : repeat > FEW ? 0 : FEW
  // Loaded only where it may be needed.
  const progress = watched && (lines || repeat > FEW) ? await import('./progress.js') : undefined
  let sent = 0
  let delivered = 0
  client.on('packetsend', (packet) => {
    if (packet.type !== 'publish') return
    const flags = `Q${packet.qos}, R${Number(packet.retain)}, D${Number(packet.dup)}`
    if (++sent <= most) {
      // The packet may bear an alias in place of its topic.
      const size = packet.payload.length
      say(`Client ${client.clientId} sent PUBLISH (${flags}, Topic=${topic}, Payload=...(${size} bytes))`)
    } else if (sent === most + 1) {
      const hide = progress!.showProgress(() => delivered, lines ? undefined : repeat)
      ended.addEventListener('abort', () => {
        hide()
        say(`Client ${client.clientId} sent PUBLISH, ${sent} in all (${flags}, Topic=${topic})`)
      })
    }
  })
  return () => {
    delivered++
  }
}
