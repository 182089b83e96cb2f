/** SUBSCRIBE and UNSUBSCRIBE for the application: who gets the messages, from before the question to after the answer. */

import type { Subscribe, SubscriptionRequest } from '../codec/packets/subscribe.js'
import type { Unsubscribe, UnsubscribeProperties } from '../codec/packets/unsubscribe.js'
import { NO_PROPERTIES } from '../codec/property-list.js'
import { checkTopicFilter } from '../codec/topic.js'
import { utf8Length } from '../codec/utf8.js'
import { wrongType } from '../errors.js'
import type { CancelSignal } from './cancel.js'
import { Consumer, type MessageHandler } from './consumer.js'
import { subscribeError } from './failures.js'
import type { Inbox } from './inbox.js'
import type { FilterInput, SubscribeOptions } from './options.js'
import type { Parts } from './parts.js'
import type { Requests } from './requests.js'
import type { UnsubscribeResult } from './results.js'
import { Subscription } from './subscription.js'
import type { Supervisor } from './supervisor.js'

export class Subscribing {
  readonly #parts: Parts
  readonly #inbox: Inbox
  readonly #supervisor: Supervisor
  readonly #requests: Requests

  constructor(parts: Parts, inbox: Inbox, supervisor: Supervisor, requests: Requests) {
    this.#parts = parts
    this.#inbox = inbox
    this.#supervisor = supervisor
    this.#requests = requests
  }

  async subscribe(
    filters: FilterInput | readonly FilterInput[],
    options: SubscribeOptions,
    handler: MessageHandler | undefined,
  ): Promise<Subscription> {
    const { subscriptions, backlog, metrics, settings } = this.#parts
    const several = Array.isArray(filters)
    const requests = (several ? filters : [filters]).map((input) => requestOf(input, options))
    const names = requests.map(({ filter }) => filter)
    const { properties = NO_PROPERTIES, signal } = options
    if (handler !== undefined && typeof handler !== 'function') {
      throw wrongType('subscribe.handler', 'a function', handler)
    }
    const consumer = new Consumer(names, handler, backlog, (message) => this.#inbox.drop(message))
    subscriptions.add(consumer)
    try {
      const packet: Subscribe = { type: 'subscribe', packetId: 1, properties, subscriptions: requests }
      const { reasonCodes, properties: answered } = await this.#requests.call(packet, signal, (answer) => {
        metrics.subackTime = answer.roundTrip
        requests.forEach((request, index) => {
          const code = answer.reasonCodes[index] as number
          if (code < 0x80) subscriptions.grant(request, properties, code)
          else subscriptions.drop(request.filter, consumer)
        })
        return answer
      })
      const [reasonCode = 0] = reasonCodes
      if (!several && reasonCode >= 0x80) {
        throw subscribeError(names[0] as string, reasonCode, answered.reasonString, settings.version)
      }
      return new Subscription(names, reasonCodes, answered, consumer, () => this.#leave(consumer))
    } catch (error) {
      subscriptions.leave(consumer)
      throw error
    }
  }

  async unsubscribe(
    filters: string | readonly string[],
    options: { properties?: UnsubscribeProperties; signal?: CancelSignal } = {},
  ): Promise<UnsubscribeResult> {
    const { subscriptions } = this.#parts
    const names = typeof filters === 'string' ? [filters] : [...filters]
    const { properties = NO_PROPERTIES, signal } = options
    // Those of now: who subscribes while the answer is awaited asks the server again, behind this.
    const leaving = names.map((filter) => subscriptions.holders(filter))
    const packet: Unsubscribe = { type: 'unsubscribe', packetId: 1, filters: names, properties }
    return this.#requests.call(packet, signal, (answer) => {
      // The UNSUBACK of 3.x has none.
      const reasonCodes = names.map((_, index) => answer.reasonCodes[index] ?? 0)
      names.forEach((filter, index) => {
        if ((reasonCodes[index] as number) >= 0x80) return
        subscriptions.forget(filter)
        for (const consumer of leaving[index] as Consumer[]) subscriptions.drop(filter, consumer)
      })
      return { reasonCodes, properties: answer.properties }
    })
  }

  /** A subscription was granted to a caller who had given up: the server need not send what nobody gets. */
  disown({ subscriptions: requests }: Subscribe): void {
    const { subscriptions } = this.#parts
    const unwanted = requests
      .map(({ filter }) => filter)
      .filter((filter) => !subscriptions.granted.has(filter) && subscriptions.holders(filter).length === 0)
    if (unwanted.length > 0) this.unsubscribe(unwanted).catch(() => {})
  }

  async #leave(consumer: Consumer): Promise<void> {
    const { subscriptions } = this.#parts
    const unwanted = subscriptions.leave(consumer)
    for (const filter of unwanted) subscriptions.forget(filter)
    if (unwanted.length > 0 && !this.#supervisor.over) await this.unsubscribe(unwanted)
  }
}

function requestOf(input: FilterInput, options: SubscribeOptions): SubscriptionRequest {
  const own = typeof input === 'string' ? { filter: input } : input
  if (typeof own !== 'object' || own === null) throw wrongType('subscribe.filter', 'a string or { filter }', input)
  utf8Length(own.filter, 'subscribe.filter')
  checkTopicFilter(own.filter, 'subscribe.filter')
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = { ...options, ...own }
  return { filter: own.filter, qos, noLocal, retainAsPublished, retainHandling }
}
