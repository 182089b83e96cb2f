/** Random histories of one session: messages both ways, handlers that are slow, pauses and cuts. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Packet } from '../../src/codec/index.js'
import type { ClientOptions, CoreClient, Message, QoS } from '../../src/index.js'
import type { ScriptedPeer } from '../support/scripted-peer.js'
import { settled, type VirtualHost } from '../support/virtual-host.js'
import { connected, granted, noUnhandledRejections, publish, reconnected } from './bench.js'

noUnhandledRejections()

type Step =
  | { do: 'send'; qos: QoS; count: number }
  | { do: 'finish'; count: number }
  | { do: 'publish'; qos: QoS }
  | { do: 'pause' | 'resume' | 'answer' | 'cut' | 'ping' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('send' as const),
        qos: fc.constantFrom<QoS>(0, 1, 2),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('finish' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('publish' as const), qos: fc.constantFrom<QoS>(0, 1, 2) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('pause' as const, 'resume' as const, 'cut' as const, 'ping' as const),
      }),
    },
  ),
  { maxLength: 40 },
)

interface Outgoing {
  name: string
  qos: 1 | 2
  received: boolean
}

/** A server that keeps one session, and to the rules. */
class Server {
  peer: ScriptedPeer
  readonly #receiveMaximum: number
  #lastId = 0
  #names = 0
  readonly #queue: { name: string; qos: QoS }[] = []
  /** Sent and not complete, in order. */
  readonly outgoing = new Map<number, Outgoing>()
  /** Packet Identifiers of this connection, in the order in which they have to be acknowledged. */
  #toAcknowledge: number[] = []
  /** Names by QoS, as they were sent first. */
  readonly sent: Record<QoS, string[]> = { 0: [], 1: [], 2: [] }
  readonly #held = new Set<number>()
  /** Messages from the client. */
  readonly got: string[] = []

  constructor(peer: ScriptedPeer, receiveMaximum: number) {
    this.peer = peer
    this.#receiveMaximum = receiveMaximum
  }

  send(qos: QoS, count: number): void {
    for (let at = 0; at < count; at++) this.#queue.push({ name: `${++this.#names}`, qos })
    this.pump()
  }

  /** All that may go now, in one chunk. */
  pump(): void {
    const packets = []
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const { name, qos } = next
      if (qos > 0 && this.outgoing.size >= this.#receiveMaximum) break
      this.#queue.shift()
      this.sent[qos].push(name)
      const id = qos === 0 ? undefined : ++this.#lastId
      if (id !== undefined) {
        this.outgoing.set(id, { name, qos: qos as 1 | 2, received: false })
        this.#toAcknowledge.push(id)
      }
      packets.push(publish('t', name, qos, id))
    }
    if (packets.length > 0) this.peer.send(...packets)
  }

  /** Takes what the client sent, and answers. */
  answer(): void {
    for (const packet of this.peer.take()) this.#take(packet)
    this.pump()
  }

  /** The client is back: what is not complete goes out again. */
  resume(peer: ScriptedPeer): void {
    this.peer = peer
    this.#toAcknowledge = []
    for (const [id, { name, qos, received }] of this.outgoing) {
      if (received) peer.send({ type: 'pubrel', packetId: id })
      else {
        this.#toAcknowledge.push(id)
        peer.send(publish('t', name, qos, id, { dup: true }))
      }
    }
    this.pump()
  }

  #take(packet: Packet): void {
    const id = 'packetId' in packet ? (packet.packetId as number) : 0
    switch (packet.type) {
      case 'puback':
      case 'pubrec':
        expect(id, 'acks in the order of arrival').toBe(this.#toAcknowledge.shift())
        expect(packet.reasonCode).toBe(0)
        if (packet.type === 'puback') this.outgoing.delete(id)
        else {
          ;(this.outgoing.get(id) as Outgoing).received = true
          this.peer.send({ type: 'pubrel', packetId: id })
        }
        return
      case 'pubcomp':
        expect(this.outgoing.delete(id)).toBe(true)
        return
      case 'pingreq':
        this.peer.send({ type: 'pingresp' })
        return
      case 'pubrel':
        this.#held.delete(id)
        this.peer.send({ type: 'pubcomp', packetId: id })
        return
      case 'publish':
        if (packet.qos < 2 || !this.#held.has(id)) this.got.push(new TextDecoder().decode(packet.payload))
        if (packet.qos === 2) this.#held.add(id)
        if (packet.qos > 0) this.peer.send({ type: packet.qos === 1 ? 'puback' : 'pubrec', packetId: id })
        return
      default:
        throw new Error(`unexpected ${packet.type}`)
    }
  }
}

async function play(history: readonly Step[], options: ClientOptions, receiveMaximum: number): Promise<void> {
  const maxMessages = options.backlog?.maxMessages as number
  const bench = await connected(
    { keepAlive: 0, retryInterval: 0, cleanStart: false, reconnect: () => 1, ...options },
    { sessionPresent: true },
  )
  const { client, host }: { client: CoreClient; host: VirtualHost } = bench
  const began: string[] = []
  const dropped: string[] = []
  let waiting: (() => void)[] = []
  client.on('drop', (message) => dropped.push(message.text()))
  await granted(
    bench,
    client.subscribe('t', { qos: 2 }, (message: Message) => {
      expect(client.info.paused, 'nothing is delivered while paused').toBe(false)
      began.push(message.text())
      return new Promise<void>((resolve) => waiting.push(resolve))
    }),
  )
  const server = new Server(bench.peer, receiveMaximum)
  const calls: Promise<unknown>[] = []
  const published: Record<QoS, string[]> = { 0: [], 1: [], 2: [] }
  let pings = 0

  const look = async (): Promise<void> => {
    await host.advance(0)
    expect(waiting.length, 'calls that are pending').toBeLessThanOrEqual(maxMessages)
    if (waiting.length === 0 && !client.info.paused) {
      expect(server.peer.paused, 'not read although nothing is to be done').toBe(false)
    }
  }
  const finish = async (count: number): Promise<void> => {
    for (const done of waiting.splice(0, count)) done()
    await settled()
  }

  const DO: { [K in Step['do']]: (step: Extract<Step, { do: K }>) => Promise<void> | void } = {
    send: ({ qos, count }) => server.send(qos, count),
    finish: ({ count }) => finish(count),
    publish: ({ qos }) => {
      const name = `p${calls.length}`
      published[qos].push(name)
      calls.push(client.publish('o', name, { qos }))
    },
    pause: () => client.pause(),
    resume: () => client.resume(),
    answer: () => server.answer(),
    ping: () => {
      pings++
      client.ping().then(
        () => pings--,
        () => pings--,
      )
    },
    cut: async () => {
      server.peer.drop()
      const { peer } = await reconnected(host, { sessionPresent: true })
      server.resume(peer)
    },
  }
  for (const step of history) {
    await (DO[step.do] as (step: Step) => Promise<void> | void)(step)
    await look()
  }

  client.resume()
  for (let round = 0; round < 500; round++) {
    const before = [began.length, server.outgoing.size, server.got.length, waiting.length, server.peer.unread].join()
    server.answer()
    await finish(Infinity)
    await look()
    const after = [began.length, server.outgoing.size, server.got.length, waiting.length, server.peer.unread].join()
    if (before === after && server.peer.received.length === 0) break
  }
  await Promise.all(calls)
  waiting = []

  expect(client.info).toMatchObject({ status: 'connected', inflight: 0, queued: 0 })
  expect([server.outgoing.size, server.peer.unread, server.peer.paused, pings]).toEqual([0, 0, false, 0])
  expect(
    began.filter((name) => server.sent[2].includes(name)),
    'QoS 2, once each',
  ).toEqual(server.sent[2])
  const firsts = [...new Set(began)]
  expect(
    firsts.filter((name) => server.sent[1].includes(name)),
    'QoS 1, at least once',
  ).toEqual(server.sent[1])
  expect(firsts, 'in order').toEqual([...firsts].sort((a, b) => Number(a) - Number(b)))
  const first0 = began.filter((name) => server.sent[0].includes(name))
  expect(first0, 'QoS 0, at most once').toEqual([...new Set(first0)])
  expect(
    dropped.filter((name) => !server.sent[0].includes(name) || first0.includes(name)),
    'dropped',
  ).toEqual([])
  expect(client.metrics().messagesDropped).toBe(dropped.length)
  if (!history.some((step) => step.do === 'cut')) {
    expect(first0.length + dropped.length, 'none is lost without being told').toBe(server.sent[0].length)
  }
  expect(server.got.filter((name) => published[2].includes(name))).toEqual(published[2])
  expect([...new Set(server.got.filter((name) => published[1].includes(name)))]).toEqual(published[1])

  await client.stop()
  expect(host.pendingTimers).toBe(0)
}

test('no history of a session loses, doubles or disorders what it must not, nor leaves anything behind', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.constantFrom(4 as const, 5 as const),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('drop-oldest' as const, 'drop-newest' as const, 'wait' as const),
      fc.boolean(),
      async (history, protocolVersion, maxMessages, overflow, generous) => {
        const receiveMaximum = protocolVersion === 4 ? 60_000 : generous ? 20 : maxMessages
        const properties = protocolVersion === 5 && generous ? { receiveMaximum } : undefined
        await play(
          history,
          { protocolVersion, backlog: { maxMessages, overflow }, ...(properties && { properties }) },
          receiveMaximum,
        )
      },
    ),
    { numRuns: 150 },
  )
})
