/** A client on a virtual host with a store in memory, and the process that comes after it. */

import { type ClientOptions, CoreClient } from '../../src/index.js'
import { MemoryStore } from '../support/memory-store.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { type Connack, type Connected, connected } from './bench.js'

export interface Kept extends Connected {
  store: MemoryStore
}

/** A client with a store, connected. */
export async function kept(
  options: ClientOptions = {},
  connack: Connack = {},
  store = new MemoryStore(),
  host = new VirtualHost(),
): Promise<Kept> {
  return { ...(await connected({ clientId: 'c', ...options, store }, connack, host)), store }
}

/** A client with a store that nobody has told to connect yet. */
export function idle(
  options: ClientOptions = {},
  store = new MemoryStore(),
): { client: CoreClient; host: VirtualHost; store: MemoryStore } {
  const host = new VirtualHost()
  return { client: new CoreClient({ clientId: 'c', ...options, store }, host), host, store }
}

/** What came from the client, in short. */
export async function wire(peer: ScriptedPeer): Promise<string[]> {
  await settled()
  return peer.take().map((packet) => {
    if (packet.type === 'publish') {
      const text = new TextDecoder().decode(packet.payload)
      return `publish ${packet.packetId ?? '-'} ${packet.dup ? 'dup ' : ''}${text}`
    }
    return 'packetId' in packet ? `${packet.type} ${packet.packetId}` : packet.type
  })
}
