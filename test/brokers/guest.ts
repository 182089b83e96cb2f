/** What one behaviour does at a broker: its clients, its topics, and what arrived. All of it ends with the behaviour. */

import { randomUUID } from 'node:crypto'
import { Client, type ClientOptions, type Message, type ProtocolVersion } from '../../platform/node/index.js'
import { type Relay, startRelay } from '../integration/servers.js'
import type { RunningBroker, Scheme } from './broker.js'

/** How long anything may take, ms; a lack is known by what did not come in this time. */
const PATIENCE = 4_000

/** Messages in the order of their arrival. */
export class Inbox {
  readonly messages: Message[] = []
  #waiting: (() => void) | undefined
  readonly handler = (message: Message): void => {
    this.messages.push(message)
    this.#waiting?.()
  }

  /** The payloads of the first `count`, once they are there. */
  async texts(count: number, patience = PATIENCE): Promise<string[]> {
    const deadline = Date.now() + patience
    while (this.messages.length < count) {
      const arrived = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now(), false)
        this.#waiting = () => {
          clearTimeout(timer)
          resolve(true)
        }
      })
      if (!arrived) throw new Error(`${this.messages.length} of ${count} messages came`)
    }
    return this.messages.map((message) => message.text())
  }

  /** The first message, once it is there. */
  async first(): Promise<Message> {
    await this.texts(1)
    return this.messages[0] as Message
  }
}

export class Guest implements AsyncDisposable {
  readonly version: ProtocolVersion
  /** A topic of this behaviour's own; more of them lie under it. */
  readonly topic = `emqtt/${randomUUID()}`
  readonly #broker: RunningBroker
  readonly #open: AsyncDisposable[] = []

  constructor(broker: RunningBroker, version: ProtocolVersion) {
    this.#broker = broker
    this.version = version
  }

  url(scheme: Scheme = 'mqtt'): string {
    const url = this.#broker.urls[scheme]
    if (url === undefined) throw new Error(`there is no ${scheme} here`)
    return url
  }

  /** A client that has not connected; it gives up at the first failure, unless told otherwise. */
  client(options: ClientOptions = {}): Client {
    const { tls, ...rest } = this.#broker.options ?? {}
    const url = String(options.url ?? this.url())
    const client = new Client({
      url,
      protocolVersion: this.version,
      reconnect: false,
      connectTimeout: PATIENCE,
      ackTimeout: PATIENCE,
      ...rest,
      ...(tls !== undefined && /^(mqtts|wss):/.test(url) && { tls }),
      ...options,
    })
    this.#open.push({ [Symbol.asyncDispose]: () => client.stop() })
    return client
  }

  async connect(options: ClientOptions = {}): Promise<Client> {
    const client = this.client(options)
    await client.connect()
    return client
  }

  /** Stands between a client and the broker. */
  async relay(): Promise<Relay & { readonly url: string }> {
    const relay = await startRelay(Number(new URL(this.url()).port))
    this.#open.push(relay)
    return Object.assign(relay, { url: `mqtt://127.0.0.1:${relay.port}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open.reverse()) await each[Symbol.asyncDispose]()
  }
}

/** What comes within the time that anything may take; fails with `what` when it does not. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing came in ${PATIENCE} ms`)), PATIENCE)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
