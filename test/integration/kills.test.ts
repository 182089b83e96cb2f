/**
 * `kill -9` of mosquitto in the midst of publishing. Short here; long by hand:
 * `EMQTT_KILLS=50 EMQTT_MESSAGES=20000 npx vitest run test/integration/kills.test.ts`. `EMQTT_SEED` repeats a run.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Account, type Anomaly, accountFor } from '../support/broker-account.js'
import { type Entry, ExchangeLog } from '../support/exchange-log.js'
import { faultsOf } from '../support/exchange-rules.js'
import { type KillRun, runKills } from '../support/kill-run.js'

const KILLS = Number(process.env.EMQTT_KILLS ?? 6)
const MESSAGES = Number(process.env.EMQTT_MESSAGES ?? 2_000)
const SEED = Number(process.env.EMQTT_SEED ?? Math.floor(Math.random() * 2 ** 32))
/** As mosquitto comes. Where it goes back to old exchanges, they fill this up; with 1000 that takes longer than a run. */
const INFLIGHT = Number(process.env.EMQTT_INFLIGHT ?? 20)
/** A folder for what happened. */
const TRACE = process.env.EMQTT_TRACE
/** ms: much more than a run takes, so that only one that stands still is given up. */
const PATIENCE = 30_000 + KILLS * 3_000 + MESSAGES * 10

describe(`mosquitto is killed ${KILLS} times during ${MESSAGES} publishes of QoS 1 and 2`, () => {
  for (const protocolVersion of [4, 5] as const) {
    test(`what is lost or doubled, the broker forgot: version ${protocolVersion}`, {
      timeout: PATIENCE * 2,
    }, async () => {
      const plan = {
        seed: SEED,
        kills: KILLS,
        messages: MESSAGES,
        protocolVersion,
        brokerInflight: INFLIGHT,
        patience: PATIENCE,
      }
      const run = await runKills(plan)
      const faults = faultsOf(run.log, MESSAGES)
      const account = accountFor(run.log, MESSAGES)
      console.log(report(run, account, protocolVersion))
      if (TRACE) writeTrace(TRACE, run, protocolVersion)
      const settings = `EMQTT_SEED=${SEED} EMQTT_KILLS=${KILLS} EMQTT_MESSAGES=${MESSAGES} EMQTT_INFLIGHT=${INFLIGHT}`
      const again = `${settings} npx vitest run test/integration/kills.test.ts`
      expect({ faults, unexplained: account.unexplained }, `to repeat it: ${again}`).toEqual({
        faults: [],
        unexplained: [],
      })
      // The kills, the restart at the end, and the life after it.
      expect(run.log.lives).toHaveLength(KILLS + 2)
    })
  }
})

describe('the judgement of a run', () => {
  const at = (entries: readonly Entry[], which: Partial<Entry>): number =>
    entries.findIndex((entry) => Object.entries(which).every(([key, value]) => entry[key as keyof Entry] === value))
  const cases: [fault: string, change: (entries: Entry[]) => void, says: RegExp][] = [
    ['nothing', () => {}, /^$/],
    [
      'nothing, where PUBREC comes again just before PUBCOMP',
      (entries) => {
        const pubcomp = at(entries, { side: 'writer', type: 'pubcomp' })
        const writer = { side: 'writer', packetId: 2, at: pubcomp, life: 0 } as const
        entries.splice(pubcomp + 1, 0, { ...writer, what: 'sent', type: 'pubrel' })
        entries.splice(pubcomp, 0, { ...writer, what: 'got', type: 'pubrec' })
      },
      /^$/,
    ],
    [
      'a message that the handler did not get',
      (entries) => entries.splice(at(entries, { what: 'delivered', message: 1 }), 1),
      /2th message should have been 1, and the handler got undefined.*lost by a broker that lived on/s,
    ],
    [
      'a message of QoS 2 that the handler got twice',
      (entries) => entries.push(entries[at(entries, { what: 'delivered', message: 1 })] as Entry),
      /should have been undefined, and the handler got 1.*twice in one life/s,
    ],
    [
      'a promise that was resolved without PUBCOMP',
      (entries) => entries.splice(at(entries, { side: 'writer', type: 'pubcomp' }), 1),
      /before its last answer came/,
    ],
    [
      'a promise that was never resolved',
      (entries) => entries.splice(at(entries, { what: 'settled', message: 0 }), 1),
      /never told/,
    ],
    [
      'a PUBLISH behind PUBREC',
      (entries) => entries.splice(at(entries, { type: 'pubcomp' }), 0, entries[at(entries, { message: 1 })] as Entry),
      /sent PUBLISH again after the server had answered/,
    ],
    [
      'acknowledgements out of order',
      (entries) => {
        const [first, second] = [
          at(entries, { what: 'sent', type: 'puback' }),
          at(entries, { what: 'sent', type: 'pubrec' }),
        ]
        const [puback, pubrec] = [entries[first] as Entry, entries[second] as Entry]
        entries.splice(first, 1, pubrec)
        entries.splice(second, 1, puback)
      },
      /answered pubrec 2 where puback 1 was due/,
    ],
    [
      'a PUBREL that nobody answered',
      (entries) => entries.splice(at(entries, { side: 'reader', what: 'sent', type: 'pubcomp' }), 1),
      /left PUBREL 2 unanswered/,
    ],
    [
      'a connection that was lost for no reason',
      (entries) => entries.push({ at: 99, side: 'reader', life: 0, what: 'lost', error: new Error('why') }),
      /lost its connection to a live broker: why/,
    ],
  ]
  for (const [fault, change, says] of cases) {
    test(`blames our clients for ${fault}`, () => {
      const log = new ExchangeLog()
      log.lives.push({ endedAt: Infinity, saved: new Set(), refused: new Set(), hungUp: 0 })
      log.entries.push(...oneOfEach())
      change(log.entries)
      expect([...faultsOf(log, 2), ...accountFor(log, 2).unexplained].join('\n')).toMatch(says)
    })
  }
})

/** One message of QoS 1 and one of QoS 2, from the writer to the reader, as it should be. */
function oneOfEach(): Entry[] {
  const lines: Omit<Entry, 'at' | 'life'>[] = [
    { side: 'reader', what: 'got', type: 'connack', sessionPresent: true },
    { side: 'writer', what: 'got', type: 'connack', sessionPresent: true },
    { side: 'writer', what: 'sent', type: 'publish', packetId: 1, message: 0, qos: 1, dup: false },
    { side: 'writer', what: 'sent', type: 'publish', packetId: 2, message: 1, qos: 2, dup: false },
    { side: 'writer', what: 'got', type: 'puback', packetId: 1 },
    { side: 'writer', what: 'settled', message: 0, qos: 1 },
    { side: 'writer', what: 'got', type: 'pubrec', packetId: 2 },
    { side: 'writer', what: 'sent', type: 'pubrel', packetId: 2 },
    { side: 'writer', what: 'got', type: 'pubcomp', packetId: 2 },
    { side: 'writer', what: 'settled', message: 1, qos: 2 },
    { side: 'reader', what: 'got', type: 'publish', packetId: 1, message: 0, qos: 1, dup: false },
    { side: 'reader', what: 'delivered', message: 0, qos: 1 },
    { side: 'reader', what: 'got', type: 'publish', packetId: 2, message: 1, qos: 2, dup: false },
    { side: 'reader', what: 'delivered', message: 1, qos: 2 },
    { side: 'reader', what: 'sent', type: 'puback', packetId: 1 },
    { side: 'reader', what: 'sent', type: 'pubrec', packetId: 2 },
    { side: 'reader', what: 'got', type: 'pubrel', packetId: 2 },
    { side: 'reader', what: 'sent', type: 'pubcomp', packetId: 2 },
    { side: 'reader', what: 'lost' },
  ]
  return lines.map((line, index) => ({ ...line, at: index, life: 0 }))
}

/** Every packet, kill and line of mosquitto, to look something up in. */
function writeTrace(folder: string, { log, mosquitto }: KillRun, version: number): void {
  mkdirSync(folder, { recursive: true })
  const lines = [
    ...log.entries,
    ...log.lives.map(({ endedAt, saved }, life) => ({ at: endedAt, life, saved: [...saved] })),
  ]
  const text = lines.sort((a, b) => a.at - b.at).map((line) => JSON.stringify(line))
  writeFileSync(join(folder, `kills-${SEED}-${version}.jsonl`), `${text.join('\n')}\n`)
  writeFileSync(join(folder, `kills-${SEED}-${version}.mosquitto.log`), mosquitto)
}

function report(
  { log, took }: KillRun,
  { anomalies, unexplained, repeatedQos1, refused }: Account,
  version: number,
): string {
  const kinds = groupByKind(anomalies)
  const lines = [...kinds].map(([kind, found]) => {
    const ages = found.map(({ age }) => age).sort((a, b) => a - b)
    const [median, most] = [ages[ages.length >> 1] ?? 0, ages.at(-1) ?? 0]
    return `  ${found.length} × ${kind} (${median.toFixed(1)} ms before the kill, ${most.toFixed(1)} at most; below 0 is after it)`
  })
  return [
    `seed ${SEED}, version ${version}: ${MESSAGES} messages, ${KILLS} kills, ${log.entries.length} entries, ${(took / 1000).toFixed(1)} s`,
    `  ${repeatedQos1} messages of QoS 1 came more than once, as they may; ${refused} were refused, and the writer told`,
    ...lines,
    ...unexplained.slice(0, 20).map((one) => `  UNEXPLAINED: ${one}`),
  ].join('\n')
}

function groupByKind(anomalies: Account['anomalies']): Map<string, Anomaly[]> {
  const kinds = new Map<string, Anomaly[]>()
  for (const anomaly of anomalies) kinds.set(anomaly.kind, [...(kinds.get(anomaly.kind) ?? []), anomaly])
  return kinds
}
