/** A client that has nothing to do with it: while others meet hostile servers, it exchanges messages with a good one, and misses none. */

import { play, type Wire, within } from '../support/scenario.js'
import type { Stage, Theatre } from './stage.js'

export class Innocent {
  readonly #stage: Stage
  readonly #ends: unknown[] = []
  #wire: Wire | undefined
  readonly #heard: string[] = []
  #count = 0

  constructor(theatre: Theatre) {
    this.#stage = theatre({ protocolVersion: 5, clientId: 'innocent', keepAlive: 0 })
    this.#stage.client.on('disconnect', (end) => this.#ends.push(end))
  }

  async connect(): Promise<void> {
    const { client } = this.#stage
    const connecting = client.connect()
    this.#wire = await this.#stage.wire()
    await play([{ expect: 'connect' }, { send: '20 03 00 00 00' }], this.#wire)
    await connecting
    await this.#stage.goOn()
    const subscribing = client.subscribe('in', { qos: 1 }, (message) => void this.#heard.push(message.text()))
    await play([{ expect: 'subscribe 1 in' }, { send: '90 04 0001 00 01' }], this.#wire)
    await subscribing
  }

  /** One message there, one back, both acknowledged. */
  async exchange(): Promise<void> {
    const text = `${++this.#count}`
    const packetId = (this.#count % 65_535) + 1
    const published = this.#stage.client.publish('out', text, { qos: 1 })
    const wire = this.#wire as Wire
    const said = await within(wire.heard.next(), wire.patience)
    const { packet } = said ?? {}
    if (packet?.type !== 'publish' || new TextDecoder().decode(packet.payload) !== text)
      throw new Error(`the innocent client said ${JSON.stringify(packet)} instead of ${text}`)
    const payload = new TextEncoder().encode(text)
    await play(
      [
        { send: { type: 'puback', packetId: packet.packetId as number } },
        { send: { type: 'publish', topic: 'in', qos: 1, packetId, payload } },
      ],
      wire,
    )
    await published
    await play([{ expect: `puback ${packetId}` }], wire)
    if (this.#heard.splice(0).join() !== text) throw new Error(`the innocent client did not get ${text}`)
  }

  /** How many messages it exchanged each way, all in order, over its one connection. */
  async finish(): Promise<number> {
    if (this.#ends.length > 0) throw new Error('the innocent client lost its connection')
    await this.#stage.client.stop()
    return this.#count
  }
}
