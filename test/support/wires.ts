/** The wires that a scenario can be played over: a real TCP socket, a real WebSocket, and the virtual host's memory. */

import type { ClientOptions } from '../../src/index.js'
import { type Kind, type Peer, startServer } from '../platform/servers.js'
import { Heard } from './heard.js'
import type { Wire } from './scenario.js'
import type { ScriptedPeer } from './scripted-peer.js'
import { settled } from './virtual-host.js'

/** What is in memory has come, or will not, after some turns; on two busy cores those may take a while. */
const IN_MEMORY = 1_000
const ON_A_SOCKET = 8_000

export function memoryWire(peer: ScriptedPeer): Wire {
  const { heard } = peer
  return {
    heard,
    get closed() {
      return settled().then(() => {
        if (!peer.ended) throw new Error('the connection is there')
        return undefined
      })
    },
    patience: IN_MEMORY,
    send: (bytes) => peer.sendBytes(bytes),
    end: () => peer.end(),
    drop: () => peer.drop(),
  }
}

export function socketWire(peer: Peer): Wire {
  const heard = new Heard()
  const { webSocket, closed } = peer
  peer.listen((chunk) => heard.push(chunk))
  void closed.then(() => heard.end())
  return {
    heard,
    closed,
    patience: ON_A_SOCKET,
    send: (bytes) => peer.write(bytes),
    ...(webSocket && {
      text: (text: string) => webSocket.send(text),
      fragments: (parts: readonly Uint8Array[]) => {
        for (const [i, part] of parts.entries()) webSocket.send(part, { binary: true, fin: i === parts.length - 1 })
      },
    }),
    end: () => peer.end(),
    drop: () => peer.reset(),
  }
}

/** A server whose connections play scenarios. */
export interface ScenarioServer extends AsyncDisposable {
  readonly url: string
  /** What a client needs to trust it. */
  readonly options: ClientOptions
  /** The next connection that nobody has asked for yet. */
  wire(): Promise<Wire>
}

/** `subProtocol` as for `startServer`. */
export async function startScenarioServer(kind: Kind, subProtocol?: string | false): Promise<ScenarioServer> {
  const server = await startServer(kind, subProtocol)
  return {
    url: server.url,
    options: server.options,
    wire: async () => socketWire(await server.accept()),
    [Symbol.asyncDispose]: () => server.close(),
  }
}
