/** Holds what two clients did against the standard: each thing that only they can be blamed for is one sentence. */

import type { Entry, ExchangeLog } from './exchange-log.js'

/** What the writer may do next with a message. */
type Stage = 'published' | 'received' | 'released' | 'complete'

interface Written {
  stage: Stage
  packetId: number
  /** The connection on which PUBLISH was sent last. */
  connection: number
}

/** What our clients did wrong, none of which a broker can cause by forgetting. `count` messages were published. */
export function faultsOf(log: ExchangeLog, count: number): string[] {
  const of = (side: Entry['side']): Entry[] => log.entries.filter((entry) => entry.side === side)
  return [...faultsOfWriter(of('writer'), count), ...faultsOfReader(of('reader')), ...needlessLosses(log)]
}

/**
 * A connection may end when a life of the broker does, when the application wants it, when it is cut or refused. A connection
 * that is silent is noticed late, maybe in the next life of the broker.
 */
function needlessLosses({ entries, lives }: ExchangeLog): string[] {
  const allowed = { writer: 0, reader: 0 }
  return lives.flatMap(({ endedAt, hungUp, cuts = { writer: 0, reader: 0 } }, life) => {
    allowed.writer += hungUp + cuts.writer
    allowed.reader += cuts.reader
    const lost = entries.filter((entry) => entry.life === life && entry.error)
    const needless = lost.filter(({ at, side }) => at < endedAt && --allowed[side] < 0)
    for (const side of ['writer', 'reader'] as const) {
      const noticed = endedAt === Infinity || lost.some((entry) => entry.side === side && entry.at >= endedAt)
      allowed[side] = Math.max(0, allowed[side]) + (noticed ? 0 : 1)
    }
    return needless.map(({ side, error }) => `the ${side} lost its connection to a live broker: ${error?.message}`)
  })
}

function faultsOfWriter(entries: readonly Entry[], count: number): string[] {
  const faults: string[] = []
  const written = new Map<number, Written>()
  const byId = new Map<number, number>()
  const settled = new Set<number>()
  const refused = new Set<number>()
  /** Packet Identifiers of complete messages that the server answered once more. */
  const unasked = new Set<number>()
  let connection = 0
  let resumed = false
  /** The last message whose PUBLISH left on this connection. */
  let last = -1
  const blame = (fault: string, message: number | undefined): void => {
    faults.push(`the writer ${fault} (message ${message}, connection ${connection})`)
  }

  for (const entry of entries) {
    const { what, type, packetId = 0, message = byId.get(packetId), dup, sessionPresent, reasonCode = 0 } = entry
    const known = message === undefined ? undefined : written.get(message)
    if (type === 'connack') {
      connection++
      last = -1
      resumed = sessionPresent === true
      // What has its PUBREC is complete for a writer whose session is gone (§4.3.3): the server owns it.
      if (!resumed) for (const one of written.values()) if (one.stage !== 'published') one.stage = 'complete'
    } else if (what === 'settled') {
      if (known?.stage !== 'complete')
        blame('was told that a message is delivered before its last answer came', message)
      if (settled.has(message as number)) blame('was told twice that a message is delivered', message)
      settled.add(message as number)
    } else if (what === 'refused') {
      if (!refused.has(message as number))
        blame('was told that a message is refused, which the server did not say', message)
      settled.add(message as number)
    } else if (what === 'sent' && type === 'publish') {
      if (known && known.stage !== 'published') blame('sent PUBLISH again after the server had answered it', message)
      else if (known?.connection === connection) blame('sent PUBLISH twice on one connection', message)
      else if (dup !== (known !== undefined && resumed)) blame(`sent DUP ${dup} [MQTT-3.3.1-1]`, message)
      if (known && resumed && known.packetId !== packetId) blame('sent PUBLISH again under another id', message)
      const before = byId.get(packetId)
      if (before !== undefined && before !== message && written.get(before)?.stage !== 'complete')
        blame('used a Packet Identifier that is in use [MQTT-2.2.1-4]', message)
      if ((message as number) <= last) blame(`sent PUBLISH behind that of ${last} [MQTT-4.6.0-1]`, message)
      last = message as number
      byId.set(packetId, last)
      written.set(last, { stage: 'published', packetId, connection })
    } else if (what === 'sent' && type === 'pubrel') {
      // [MQTT-4.3.3-4] A PUBREC that comes again is answered again; for what is complete PUBREL says so (0x92).
      const again = unasked.delete(packetId)
      if (known?.stage === 'received' || known?.stage === 'released') known.stage = 'released'
      else if (!again) blame('sent PUBREL without PUBREC', message)
    } else if (what === 'got' && known && type !== 'suback') {
      if (reasonCode >= 0x80 && (type === 'puback' || type === 'pubrec')) refused.add(message as number)
      if (reasonCode >= 0x80 || type === 'puback') known.stage = 'complete'
      // One that comes again may meet the PUBCOMP for our first PUBREL on its way.
      else if (type === 'pubrec' && known.stage === 'released') unasked.add(packetId)
      else if (type === 'pubrec' && known.stage === 'published') known.stage = 'received'
      else if (type === 'pubcomp' && known.stage === 'released') known.stage = 'complete'
      // A server that went back answers again what it has answered.
      else if (known.stage === 'complete') unasked.add(packetId)
      else blame(`got ${type}, which it did not ask for, when a message was ${known.stage}`, message)
    }
  }
  for (let message = 0; message < count; message++)
    if (!settled.has(message))
      blame(`was never told that a message is delivered: ${written.get(message)?.stage}`, message)
  return faults
}

/** What the packets that came say is due to the application and to the server, against what each of them got. */
function faultsOfReader(entries: readonly Entry[]): string[] {
  const faults: string[] = []
  /** Messages of QoS 2 from PUBLISH to PUBREL, by Packet Identifier. */
  const held = new Map<number, number>()
  const due: number[] = []
  let toAnswer: string[] = []
  let answers: string[] = []
  const compareAnswers = (complete: boolean): void => {
    // What was not answered when the connection broke is answered on the next one, where it comes again.
    const expected = complete ? toAnswer : toAnswer.slice(0, answers.length)
    const at = firstDifference(expected, answers)
    if (at >= 0) faults.push(`the reader answered ${answers[at]} where ${expected[at]} was due [MQTT-4.6.0-2]`)
    toAnswer = []
    answers = []
  }

  for (const { what, type, packetId = 0, message, qos, sessionPresent, error } of entries) {
    if (what === 'lost') compareAnswers(error === undefined)
    else if (type === 'connack' && !sessionPresent) held.clear()
    else if (what === 'got' && type === 'publish') {
      const answer = `${qos === 1 ? 'puback' : 'pubrec'} ${packetId}`
      // One that comes twice before its PUBREC, which only a broker that went wrong sends, has one for both.
      if (qos === 1 || !toAnswer.includes(answer, answers.length)) toAnswer.push(answer)
      // [MQTT-4.3.3-10] Until PUBREL, a PUBLISH of the same id is the same message.
      if (qos === 2 && held.has(packetId)) continue
      if (qos === 2) held.set(packetId, message as number)
      due.push(message as number)
    } else if (what === 'got' && type === 'pubrel') held.delete(packetId)
    else if (what === 'sent' && (type === 'puback' || type === 'pubrec')) answers.push(`${type} ${packetId}`)
  }
  const handed = entries.filter(({ what }) => what === 'delivered').map(({ message }) => message as number)
  const at = firstDifference(due, handed)
  if (at >= 0)
    faults.push(`the reader's ${at + 1}th message should have been ${due[at]}, and the handler got ${handed[at]}`)
  return [...faults, ...unmatchedReleases(entries)]
}

/** [MQTT-4.3.3-11] Each PUBREL has its PUBCOMP, in order, unless the connection broke in between. */
function unmatchedReleases(entries: readonly Entry[]): string[] {
  const faults: string[] = []
  let releases: number[] = []
  for (const { what, type, packetId = 0, error } of entries) {
    if (what === 'got' && type === 'pubrel') releases.push(packetId)
    else if (what === 'sent' && type === 'pubcomp') {
      const expected = releases.shift()
      if (expected !== packetId) faults.push(`the reader sent PUBCOMP ${packetId} where ${expected} was due`)
    } else if (what === 'lost') {
      if (!error && releases.length > 0) faults.push(`the reader left PUBREL ${releases.join()} unanswered`)
      releases = []
    }
  }
  return faults
}

function firstDifference<T>(expected: readonly T[], got: readonly T[]): number {
  const length = Math.max(expected.length, got.length)
  for (let at = 0; at < length; at++) if (expected[at] !== got[at]) return at
  return -1
}
