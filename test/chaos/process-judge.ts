/** Holds what killed processes did against the standard and against what they said: each fault is one sentence. */

import { type KillsRun, type Life, TOPICS } from './process-kills.js'
import type { WireEntry } from './wire-log.js'

export interface KillsVerdict {
  readonly accepted: number
  /** Accepted, and never handed out. */
  readonly lost: number
  /** Handed out twice at QoS 2, and the broker did not send it twice: its first exchange had its PUBREC on the wire. */
  readonly doubled: number
  /** Handed out again at QoS 2, because the reader was killed before its PUBREC was on the wire. */
  readonly repeatedByKill: number
  /** At QoS 2: the broker sent it again as a new message. */
  readonly doubledByBroker: number
  /** At QoS 1, as it may be. */
  readonly repeated: number
  /** Handed out behind a later message of its topic, and the broker had not sent them so. */
  readonly reordered: number
  readonly reorderedByBroker: number
  /** Stores that said, when they were opened, that their last write was cut off. */
  readonly cutOff: number
  /** Whatever our clients or stores can be blamed for. */
  readonly faults: readonly string[]
  /** What the broker can be blamed for, by the packets. */
  readonly byBroker: readonly string[]
}

/** All that a store may find wrong after a kill: a write that nobody had been told of. */
const CUT_OFF =
  /^STORE_RECOVERED .* has recovered: its last write was cut off before it was accepted; nothing that was accepted is missing from the end\.$/

export function judgeKills(run: KillsRun): KillsVerdict {
  const { lives, wires } = run
  const errors = [...lives.writer, ...lives.reader].flatMap((life) => life.errors)
  const harmless = errors.filter((error) => CUT_OFF.test(error))
  const writer = judgeWriter(wires.writer, lives.writer)
  const reader = judgeReader(wires.reader, lives.reader)
  const accepted = new Set(lives.writer.flatMap((life) => life.accepted))
  const handed = new Map<number, number>()
  for (const message of lives.reader.flatMap((life) => life.handed)) handed.set(message, (handed.get(message) ?? 0) + 1)
  const lost = [...accepted].filter((message) => !handed.has(message))
  const losses = lost.map((message) => explainLoss(message, run))
  const twice = (qos: 1 | 2): number[] =>
    [...handed].filter(([message, times]) => times > 1 && qosOf(message) === qos).map(([message]) => message)
  return {
    accepted: accepted.size,
    lost: lost.length,
    doubled: reader.doubled,
    doubledByBroker: twice(2).filter((message) => reader.resent.has(message)).length,
    repeatedByKill: twice(2).filter((message) => !reader.resent.has(message)).length - reader.doubled,
    repeated: twice(1).length,
    ...orderOf(run),
    cutOff: harmless.length,
    faults: [
      ...run.faults,
      ...lives.writer.flatMap(({ rejected }) => rejected.map((one) => `the writer's publish was rejected: ${one}`)),
      ...errors.filter((error) => !harmless.includes(error)).map((error) => `an error was raised: ${error}`),
      ...writer,
      ...reader.faults,
      ...judgeStores(run),
      ...losses.filter(({ ours }) => ours).map(({ says }) => says),
    ],
    byBroker: [...reader.byBroker, ...losses.filter(({ ours }) => !ours).map(({ says }) => says)],
  }
}

export function qosOf(message: number): number {
  return TOPICS[message % TOPICS.length]?.qos ?? 0
}

interface Written {
  readonly packetId: number
  /** The connection on which PUBLISH was sent last. */
  connection: number
  released: boolean
  /** PUBREC; PUBACK or PUBCOMP: on their way to the client, which may never have read them. */
  received: boolean
  complete: boolean
}

/** What is on the wire has left the store before: so a new process knows it, and goes on where the last one stopped. */
function judgeWriter(entries: readonly WireEntry[], lives: readonly Life[]): string[] {
  const faults: string[] = []
  const written = new Map<number, Written>()
  const byId = new Map<number, number>()
  const firstOf = lives.map(({ tried }) => tried[0] ?? Infinity)
  let [connection, life, last, lastReleased, highest] = [0, -1, -1, -1, -1]
  let firstConnection = true
  for (const entry of entries) {
    const { what, type, packetId, message, dup, reasonCode } = entry
    const blame = (fault: string, about = message): void => {
      faults.push(`the writer ${fault} (message ${about}, connection ${entry.connection}, life ${entry.life})`)
    }
    const answered = byId.get(packetId) ?? -1
    const known = written.get(type === 'publish' ? message : answered)
    if (type === 'connack') {
      firstConnection = entry.life !== life
      connection = entry.connection
      life = entry.life
      last = -1
      lastReleased = -1
      if (entry.connection > 1 && reasonCode === 0 && !entry.sessionPresent && written.size > 0)
        blame('got no session, which this account cannot judge', -1)
    } else if (entry.connection !== connection) {
      // Of a connection that another one has taken over.
    } else if (what === 'sent' && type === 'publish') {
      const [before, inUse] = [byId.get(packetId), written.get(byId.get(packetId) ?? -1)]
      if (known?.released) blame('sent PUBLISH after PUBREL [MQTT-4.3.3-6]')
      if (known?.connection === connection) blame('sent PUBLISH twice on one connection [MQTT-4.4.0-1]')
      if (known && known.packetId !== packetId) blame('sent PUBLISH again under another id [MQTT-2.2.1-3]')
      if (known && !dup) blame('sent PUBLISH again with DUP 0 [MQTT-3.3.1-1]')
      // One that was about to be sent when its process or connection ended may have DUP 1 at once.
      if (!known && dup && firstConnection && message >= (firstOf[life] ?? 0)) blame('sent a new PUBLISH with DUP 1')
      if (before !== undefined && before !== message && !inUse?.complete)
        blame(`used the Packet Identifier of message ${before} [MQTT-2.2.1-4]`)
      if (message <= last) blame(`sent PUBLISH behind that of ${last} [MQTT-4.6.0-1]`)
      if (!known && message < highest) blame(`sent PUBLISH for the first time behind ${highest}`)
      last = message
      highest = Math.max(highest, message)
      byId.set(packetId, message)
      written.set(message, known ?? { packetId, connection, released: false, received: false, complete: false })
      if (known) known.connection = connection
    } else if (what === 'sent' && type === 'pubrel') {
      if (!known?.received) blame('sent PUBREL without PUBREC', answered)
      else known.released = true
      // The broker answers in order, so that this is the order of the PUBRECs.
      if (answered < lastReleased) blame(`sent PUBREL behind that of ${lastReleased} [MQTT-4.6.0-4]`, answered)
      lastReleased = answered
    } else if (what === 'got' && known) {
      if (type === 'pubrec') known.received = true
      if (type === 'puback' || type === 'pubcomp') known.complete = true
      if (reasonCode >= 0x80 && type !== 'pubcomp') blame(`was refused with ${reasonCode}`, answered)
    }
  }
  for (const message of lives.flatMap(({ accepted }) => accepted)) {
    const known = written.get(message)
    if (!known?.complete)
      faults.push(`the writer accepted message ${message} and ${known ? 'left it incomplete' : 'never sent it'}`)
  }
  return faults
}

interface Reading {
  readonly faults: readonly string[]
  readonly byBroker: readonly string[]
  readonly doubled: number
  /** Messages of QoS 2 that the broker sent in more than one exchange. */
  readonly resent: ReadonlySet<number>
}

function judgeReader(entries: readonly WireEntry[], lives: readonly Life[]): Reading {
  const faults: string[] = []
  const byBroker: string[] = []
  /** Exchanges of QoS 2 from PUBLISH to PUBREL. `sure`: PUBREC was on the wire, and so is in the store. */
  const held = new Map<number, { message: number; life: number; sure: boolean }>()
  /** By life and message: how often it may be handed out. */
  const allowed = lives.map(() => new Map<number, number>())
  const exchanges = new Map<number, number>()
  /** By life: the messages that it acknowledged at QoS 1; and those of QoS 2, that it or one before it handled. */
  const acknowledged = lives.map(() => new Set<number>())
  const recorded = new Map<number, number>()
  let due: { type: string; packetId: number; message: number }[] = []
  let releases: number[] = []
  let connection = 0
  const allow = (life: number, message: number): void => {
    const mine = allowed[life]
    mine?.set(message, (mine.get(message) ?? 0) + 1)
  }
  for (const { what, type, packetId, message, qos, life, ...entry } of entries) {
    const where = `connection ${entry.connection}, life ${life}`
    if (type === 'connack') {
      connection = entry.connection
      due = []
      releases = []
    } else if (entry.connection !== connection) {
      // Of a connection that another one has taken over.
    } else if (what === 'got' && type === 'publish') {
      const exchange = qos === 2 ? held.get(packetId) : undefined
      if (!due.some((one) => one.packetId === packetId && qos === 2))
        due.push({ type: qos === 1 ? 'puback' : 'pubrec', packetId, message })
      if (exchange && exchange.message !== message)
        byBroker.push(`message ${message} came under the id of ${exchange.message}, which had no PUBREL (${where})`)
      else if (!exchange) {
        allow(life, message)
        if (qos === 2) {
          held.set(packetId, { message, life, sure: false })
          exchanges.set(message, (exchanges.get(message) ?? 0) + 1)
        }
      } else if (!exchange.sure && exchange.life !== life) {
        allow(life, message)
        exchange.life = life
      }
    } else if (what === 'got' && type === 'pubrel') {
      held.delete(packetId)
      releases.push(packetId)
    } else if (what === 'sent' && (type === 'puback' || type === 'pubrec')) {
      const expected = due.shift()
      if (expected?.type !== type || expected.packetId !== packetId)
        faults.push(
          `the reader sent ${type} ${packetId} where ${expected?.type} ${expected?.packetId} was due [MQTT-4.6.0-2] (${where})`,
        )
      const exchange = held.get(packetId)
      if (type === 'pubrec' && exchange) {
        exchange.sure = true
        if (!recorded.has(exchange.message)) recorded.set(exchange.message, life)
      } else if (type === 'puback' && expected) acknowledged[life]?.add(expected.message)
    } else if (what === 'sent' && type === 'pubcomp') {
      const expected = releases.shift()
      if (expected !== packetId) faults.push(`the reader sent PUBCOMP ${packetId} where ${expected} was due (${where})`)
    }
  }

  let doubled = 0
  for (const [life, { handed, handled }] of lives.entries()) {
    const times = new Map<number, number>()
    for (const message of handed) times.set(message, (times.get(message) ?? 0) + 1)
    for (const [message, count] of times) {
      const most = allowed[life]?.get(message) ?? 0
      if (count <= most) continue
      if (qosOf(message) === 2) doubled++
      faults.push(`the reader handed message ${message} out ${count} times in life ${life}; ${most} were due`)
    }
    const done = new Set(handled)
    for (const message of acknowledged[life] ?? [])
      if (!done.has(message))
        faults.push(`the reader sent PUBACK for ${message} in life ${life} and had not handled it`)
  }
  for (const [message, life] of recorded)
    if (!lives.slice(0, life + 1).some(({ handled }) => handled.includes(message)))
      faults.push(`the reader sent PUBREC for ${message} in life ${life} and had not handled it`)
  return {
    faults,
    byBroker,
    doubled,
    resent: new Set([...exchanges].filter(([, count]) => count > 1).map(([message]) => message)),
  }
}

/** What is complete has to be gone: a restart would take up, or hold back, what has long been over. */
function judgeStores({ left, wires }: KillsRun): string[] {
  const completed = new Map<number, boolean>()
  for (const { what, type, packetId } of wires.reader)
    if (what === 'sent' && (type === 'pubrec' || type === 'pubcomp')) completed.set(packetId, type === 'pubcomp')
  // What has had no PUBREL yet has to stay.
  const stale = left.reader.filter((key) => key[0] !== 'r' || completed.get(Number(key.slice(1))) !== false)
  return [
    ...left.writer.map((key) => `the writer's store holds ${key}, and all is delivered`),
    ...stale.map((key) => `the reader's store holds ${key}, which is complete`),
  ]
}

/** First deliveries behind one of a later message of the same topic; and so of what the broker sent. */
function orderOf({ lives, wires }: KillsRun): Pick<KillsVerdict, 'reordered' | 'reorderedByBroker'> {
  const received = wires.reader.filter(({ what, type }) => what === 'got' && type === 'publish')
  const byBroker = outOfOrder(received.map(({ message }) => message))
  const handedOut = outOfOrder(lives.reader.flatMap(({ handed }) => handed))
  return {
    reordered: [...handedOut].filter((message) => !byBroker.has(message)).length,
    reorderedByBroker: byBroker.size,
  }
}

function outOfOrder(messages: readonly number[]): Set<number> {
  const last = new Map<number, number>()
  const [seen, found] = [new Set<number>(), new Set<number>()]
  for (const message of messages) {
    if (seen.has(message)) continue
    seen.add(message)
    const topic = message % TOPICS.length
    const before = last.get(topic) ?? -1
    if (message < before) found.add(message)
    last.set(topic, Math.max(before, message))
  }
  return found
}

/** The message was accepted and not handed out: by whose fault. */
function explainLoss(message: number, { wires }: KillsRun): { ours: boolean; says: string } {
  const came = wires.reader.some((entry) => entry.what === 'got' && entry.message === message)
  const sent = wires.writer.some((entry) => entry.what === 'sent' && entry.message === message)
  if (came) return { ours: true, says: `message ${message} is lost: it came to the reader` }
  if (!sent) return { ours: true, says: `message ${message} is lost: the writer never sent it` }
  return { ours: false, says: `message ${message} is lost: the broker had it and never sent it to the reader` }
}

/** One line, as `npm run chaos` prints it, and what was found. */
export function describeKills(title: string, { kills, cuts, took }: KillsRun, verdict: KillsVerdict): string {
  const { accepted, lost, doubled, repeatedByKill, doubledByBroker, repeated, reordered, reorderedByBroker, cutOff } =
    verdict
  const line = [
    title,
    `${kills} kills`,
    `${cuts} cuts`,
    `${accepted} accepted`,
    `${lost} lost`,
    `${doubled} doubled`,
    `${repeatedByKill} handed out again at QoS 2 by a reader killed before PUBREC`,
    `${doubledByBroker} doubled by the broker`,
    `${repeated} repeated at QoS 1`,
    `${reordered} reordered (and ${reorderedByBroker} by the broker)`,
    `${cutOff} stores with a write cut off`,
    `${verdict.faults.length} faults`,
    `${(took / 1000).toFixed(1)} s`,
  ].join(', ')
  const { faults, byBroker } = verdict
  const found = [...faults.map((fault) => `FAULT: ${fault}`), ...byBroker.map((one) => `BROKER: ${one}`)]
  return [line, ...found.slice(0, 20).map((one) => `  ${one}`)].join('\n')
}
