/** The filters in force: who wants their messages, and how they were asked for, so that they can be made again. */

import type { Subscribe, SubscribeProperties, SubscriptionRequest } from '../codec/packets/subscribe.js'
import type { ProtocolVersion, QoS } from '../codec/protocol.js'
import { RefusedError } from '../errors.js'
import type { Resumption } from '../session/calls.js'
import type { Consumer } from './consumer.js'
import type { Events } from './events.js'
import { subscribeError } from './failures.js'
import type { Waiter } from './pending.js'
import type { Answer } from './results.js'
import { Router } from './router.js'

/** Filters in one SUBSCRIBE when subscriptions are made again. */
const GROUP = 64

/** A filter that the server granted, and how it was asked for. */
export interface Granted extends SubscriptionRequest {
  readonly properties: SubscribeProperties
}

export class Subscriptions {
  readonly #events: Events
  readonly #version: ProtocolVersion
  readonly #router = new Router<Consumer>()
  /** Made with the first. */
  #granted: Map<string, Granted> | undefined
  /** As they were asked for: a server that grants less today may grant it all tomorrow. */
  #wanted: Map<string, Granted> | undefined

  constructor(events: Events, version: ProtocolVersion) {
    this.#events = events
    this.#version = version
  }

  get granted(): ReadonlyMap<string, Granted> {
    this.#granted ??= new Map()
    return this.#granted
  }

  add(consumer: Consumer): void {
    for (const filter of consumer.filters) this.#router.add(filter, consumer)
  }

  /** Those who want a message of this topic. */
  match(topic: string): readonly Consumer[] {
    return this.#router.match(topic)
  }

  /** Those who subscribed to exactly this filter. */
  holders(filter: string): readonly Consumer[] {
    return this.#router.holders(filter)
  }

  /** The server granted a filter. */
  grant(request: SubscriptionRequest, properties: SubscribeProperties, qos: number): void {
    this.forget(request.filter)
    this.#wanted ??= new Map()
    this.#granted ??= new Map()
    this.#wanted.set(request.filter, { ...request, properties })
    this.#granted.set(request.filter, { ...request, properties, qos: qos as QoS })
  }

  /** A filter is not in force any more, or will not be. */
  forget(filter: string): void {
    this.#wanted?.delete(filter)
    this.#granted?.delete(filter)
  }

  /** `consumer` gets nothing for `filter` any more; if that was its last, its iteration ends, with `error`. */
  drop(filter: string, consumer: Consumer, error?: unknown): void {
    this.#router.delete(filter, consumer)
    consumer.filters.delete(filter)
    if (consumer.filters.size === 0) consumer.end(error)
  }

  /** `consumer` gets nothing any more. Answers with the filters that nobody holds now. */
  leave(consumer: Consumer, error?: unknown): string[] {
    return [...consumer.filters].filter((filter) => {
      this.drop(filter, consumer, error)
      return this.#granted?.has(filter) && this.holders(filter).length === 0
    })
  }

  /** The client has ended: iterations do, too, while handlers stay for a later `connect`. */
  end(error: Error | undefined): void {
    for (const consumer of this.#router.targets()) {
      if (consumer.handler) continue
      const unheld = this.leave(consumer, error)
      // A `message` listener goes on to hear what nobody else wants.
      if (!this.#events.has('message')) for (const filter of unheld) this.forget(filter)
    }
  }

  clear(): void {
    this.#router.clear()
  }

  /** All of them, in groups that one SUBSCRIBE can ask for: with the same properties, and not too many. */
  resumptions(): Resumption[] {
    const packets: Subscribe[] = []
    const open = new Map<SubscribeProperties, SubscriptionRequest[]>()
    for (const { properties, ...request } of this.#wanted?.values() ?? []) {
      let subscriptions = open.get(properties)
      if (!subscriptions || subscriptions.length >= GROUP) {
        subscriptions = []
        open.set(properties, subscriptions)
        packets.push({ type: 'subscribe', packetId: 1, properties, subscriptions })
      }
      subscriptions.push(request)
    }
    return packets.map((packet) => ({ packet, tag: (part) => this.#resumption(part) }))
  }

  #resumption({ subscriptions, properties }: Subscribe): Waiter<Answer> {
    return {
      resolve: ({ reasonCodes }) => {
        const results = subscriptions.map((request, index) => {
          const { filter } = request
          const reasonCode = reasonCodes[index] as number
          if (reasonCode < 0x80) this.grant(request, properties, reasonCode)
          else this.#refused(filter, subscribeError(filter, reasonCode, undefined, this.#version))
          return { filter, reasonCode }
        })
        this.#events.emit('resubscribe', { results })
      },
      reject: (error) => {
        // Refused without being asked: the server said in CONNACK that it takes no such filter.
        if (error instanceof RefusedError) for (const { filter } of subscriptions) this.#refused(filter, error)
        else this.#events.raise(error)
      },
    }
  }

  #refused(filter: string, error: RefusedError): void {
    this.forget(filter)
    for (const consumer of this.holders(filter)) this.drop(filter, consumer, error)
    this.#events.raise(error)
  }
}
