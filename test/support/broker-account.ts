/** What a broker lost and doubled, each with the evidence that it was the broker; what lacks it is unexplained. */

import type { Entry, ExchangeLog, Life } from './exchange-log.js'

/** What the broker did, and what the log shows for it. */
export type Forgetting =
  | 'lost at QoS 1: PUBACK came; not in the database at the kill'
  | 'lost at QoS 2: PUBREC came; not in the database at the kill; PUBCOMP all the same in a later life'
  | 'lost at QoS 2: PUBREC and PUBCOMP came; not in the database at the kill'
  | 'lost at QoS 2: PUBREC and PUBCOMP came; the database at the kill was from before PUBREL'
  | 'lost at QoS 2: PUBREC came; in the database at the kill; PUBCOMP in a later life, and not passed on'
  | 'lost at QoS 1 in 3.x: PUBACK came; by its log the broker was full of exchanges it went back to, and refused'
  | 'lost at QoS 2 in 3.x: PUBREC came; by its log the broker was full of exchanges it went back to, and refused'
  | 'lost at QoS 2: PUBLISH came to the reader under the id of another exchange, which the broker had forgotten'
  | 'doubled at QoS 2: PUBREL was taken; forgotten at the kill; PUBREL came again and passed the message on again'
  | 'doubled at QoS 2: PUBREL was sent to the reader; forgotten at the kill; PUBLISH came again'
  | 'doubled at QoS 2: PUBREL was sent to the reader; its connection was cut; PUBLISH came again'
  | 'doubled at QoS 2: the writer was cut off; PUBLISH came again with DUP 1, and was passed on again'

export interface Anomaly {
  readonly message: number
  readonly kind: Forgetting
  /** ms from what was forgotten (the acknowledgement, the PUBREL) to the kill; where a cut did it, to the double. */
  readonly age: number
}

type Finding = Omit<Anomaly, 'message'> | string

export interface Account {
  readonly anomalies: readonly Anomaly[]
  /** Losses and doubles for which no proof was found: the broker's or ours. */
  readonly unexplained: readonly string[]
  /** Messages of QoS 1 that came more than once, as they may. */
  readonly repeatedQos1: number
  /** Messages that the broker refused, and the writer was told so (5.0). */
  readonly refused: number
}

/** The life of one message, as far as the account asks. */
interface Story {
  qos: number
  /** The first PUBACK or PUBREC, and the last PUBCOMP. */
  taken?: Entry
  completed?: Entry
  /** The broker said no, and the writer heard it. */
  refused?: boolean
  /** What the writer sent about it. */
  readonly written: Entry[]
  readonly delivered: Entry[]
  /** Its PUBLISH, as the reader got it. */
  readonly received: Entry[]
  /** The reader got its PUBLISH while it held another message under that Packet Identifier. */
  shadowed?: Entry
  /** PUBRELs that the reader got for it. */
  readonly released: Entry[]
}

/** Accounts for each of `count` messages of a log whose clients did nothing wrong. */
export function accountFor(log: ExchangeLog, count: number): Account {
  const stories = tellStories(log.entries)
  const anomalies: Anomaly[] = []
  const unexplained: string[] = []
  let repeatedQos1 = 0
  let refused = 0
  const add = (message: number, finding: Finding): void => {
    if (typeof finding === 'string') unexplained.push(`message ${message} ${finding}`)
    else anomalies.push({ message, ...finding })
  }
  for (let message = 0; message < count; message++) {
    const story = stories.get(message)
    if (!story) unexplained.push(`message ${message} was never sent`)
    else if (story.refused) refused++
    else if (story.delivered.length === 0) add(message, explainLoss(message, story, log))
    else if (story.qos === 1) {
      if (story.delivered.length > 1) repeatedQos1++
      if (repeatsInOneLife(story, log.lives))
        add(message, 'of QoS 1 came twice in a life in which nobody sent it again')
    } else
      for (let again = 1; again < story.delivered.length; again++)
        add(message, explainDouble(message, story, again, log))
  }
  return { anomalies, unexplained, repeatedQos1, refused }
}

function explainLoss(message: number, story: Story, { lives }: ExchangeLog): Finding {
  const { qos, taken, completed } = story
  if (!taken) return 'was lost, and the broker never answered it'
  const { shadowed } = story
  if (shadowed) {
    // The kill before it is where the broker forgot the other exchange.
    const age = shadowed.at - (lives[shadowed.life - 1]?.endedAt ?? Infinity)
    return {
      kind: 'lost at QoS 2: PUBLISH came to the reader under the id of another exchange, which the broker had forgotten',
      age: -age,
    }
  }
  const life = lives[taken.life] as Life
  const age = life.endedAt - taken.at
  if (life.refused.has(taken.packetId as number)) {
    const answer = qos === 1 ? 'lost at QoS 1 in 3.x: PUBACK came' : 'lost at QoS 2 in 3.x: PUBREC came'
    return { kind: `${answer}; by its log the broker was full of exchanges it went back to, and refused`, age }
  }
  if (age === Infinity) return `of QoS ${qos} was lost by a broker that lived on`
  if (!life.saved.has(message)) {
    if (qos === 1) return { kind: 'lost at QoS 1: PUBACK came; not in the database at the kill', age }
    const later = completed && completed.life > taken.life
    if (!later) return { kind: 'lost at QoS 2: PUBREC and PUBCOMP came; not in the database at the kill', age }
    return {
      kind: 'lost at QoS 2: PUBREC came; not in the database at the kill; PUBCOMP all the same in a later life',
      age,
    }
  }
  if (qos === 1 || !completed) return `of QoS ${qos} was lost, although it was in the database`
  if (completed.life > taken.life)
    return {
      kind: 'lost at QoS 2: PUBREC came; in the database at the kill; PUBCOMP in a later life, and not passed on',
      age,
    }
  return {
    kind: 'lost at QoS 2: PUBREC and PUBCOMP came; the database at the kill was from before PUBREL',
    age: life.endedAt - completed.at,
  }
}

/** Of the delivery number `again`. */
function explainDouble(message: number, story: Story, again: number, { lives }: ExchangeLog): Finding {
  const { written, delivered, released } = story
  const [before, now] = [delivered[again - 1] as Entry, delivered[again] as Entry]
  if (before.life === now.life) return explainDoubleOfLife(story, before, now, lives[now.life])
  const rewritten = written.find(({ at, life }) => at > before.at && at < now.at && life > before.life)
  if (rewritten?.type === 'pubrel')
    return {
      kind: 'doubled at QoS 2: PUBREL was taken; forgotten at the kill; PUBREL came again and passed the message on again',
      age: (lives[before.life] as Life).endedAt - before.at,
    }
  if (rewritten) return 'of QoS 2 came twice after the writer had sent PUBLISH again'
  const release = released.filter(({ at }) => at < now.at).at(-1)
  // Without PUBREL the reader must take the second PUBLISH for the first.
  if (!release) return 'of QoS 2 came twice, and no PUBREL lies between'
  const life = lives[release.life] as Life
  if (!life.saved.has(message)) return 'of QoS 2 came twice, and was not in the database in between'
  return {
    kind: 'doubled at QoS 2: PUBREL was sent to the reader; forgotten at the kill; PUBLISH came again',
    age: life.endedAt - release.at,
  }
}

/** What a broker that lived on doubled, because a connection was cut. */
function explainDoubleOfLife(story: Story, before: Entry, now: Entry, life: Life | undefined): Finding {
  const { cuts = { writer: 0, reader: 0 } } = life ?? {}
  const [former, latter] = [before, now].map(({ at }) => story.received.filter((entry) => entry.at <= at).at(-1))
  const release = story.released.find(({ at }) => at > before.at && at < now.at)
  // [MQTT-4.3.3-6] A sender must not send PUBLISH again once it has sent PUBREL. Under the id of the exchange, that is.
  if (cuts.reader > 0 && release && latter && latter.at > release.at && latter.packetId === release.packetId)
    return {
      kind: 'doubled at QoS 2: PUBREL was sent to the reader; its connection was cut; PUBLISH came again',
      age: now.at - release.at,
    }
  const rewritten = story.written.find(({ type, dup }) => type === 'publish' && dup)
  // [MQTT-4.3.3-10] DUP 1 under the same id is the same message: another exchange with the reader is the broker's own.
  if (cuts.writer > 0 && rewritten && former?.packetId !== latter?.packetId)
    return {
      kind: 'doubled at QoS 2: the writer was cut off; PUBLISH came again with DUP 1, and was passed on again',
      age: now.at - rewritten.at,
    }
  return 'of QoS 2 came twice in one life of the broker'
}

function repeatsInOneLife({ written, delivered }: Story, lives: readonly Life[]): boolean {
  // A broker that did not get PUBACK sends again on the next connection.
  if (delivered.some(({ life }) => (lives[life]?.cuts?.reader ?? 0) > 0)) return false
  const sendings = written.filter(({ type }) => type === 'publish').length
  return sendings < 2 && new Set(delivered.map(({ life }) => life)).size < delivered.length
}

function tellStories(entries: readonly Entry[]): Map<number, Story> {
  const stories = new Map<number, Story>()
  /** What each Packet Identifier stands for now, on either side: the two are independent. */
  const ids = { writer: new Map<number, number>(), reader: new Map<number, number>() }
  /** What the reader holds at QoS 2 between PUBLISH and PUBREL. */
  const unreleased = new Map<number, number>()
  for (const entry of entries) {
    const { side, what, type, packetId = 0, qos = 0 } = entry
    const held = unreleased.get(packetId)
    if (type === 'publish' && entry.message !== undefined) ids[side].set(packetId, entry.message)
    const message = entry.message ?? ids[side].get(packetId)
    if (message === undefined) continue
    let story = stories.get(message)
    if (!story) {
      story = { qos, written: [], delivered: [], received: [], released: [] }
      stories.set(message, story)
    }
    if (what === 'delivered') story.delivered.push(entry)
    else if (what === 'refused') story.refused = true
    else if (side === 'writer' && what === 'sent') story.written.push(entry)
    else if (side === 'writer' && (type === 'puback' || type === 'pubrec')) story.taken ??= entry
    else if (side === 'writer' && type === 'pubcomp') story.completed = entry
    else if (side === 'reader' && what === 'got' && type === 'publish' && qos === 2) {
      story.received.push(entry)
      if (held === undefined) unreleased.set(packetId, message)
      else if (held !== message) story.shadowed = entry
    } else if (side === 'reader' && what === 'got' && type === 'pubrel') {
      unreleased.delete(packetId)
      story.released.push(entry)
    }
  }
  return stories
}
