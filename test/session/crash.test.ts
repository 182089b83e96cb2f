import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProtocolVersion, QoS } from '../../src/codec/protocol.js'
import type { Log } from '../support/back-to-back.js'
import { CrashRun } from '../support/crash-run.js'
import { nameOf } from './bench.js'

type Step =
  | { do: 'publish' | 'serve'; qos: 1 | 2 }
  | { do: 'up' | 'down' | 'answer' | 'settle'; count: number }
  | { do: 'write'; outcome: 'done' | 'failed' | 'failed, and there' }
  | { do: 'cut'; keep: boolean }
  | { do: 'crash'; written: boolean; keep: boolean }

const qos = fc.constantFrom<(1 | 2)[]>(1, 2)
const chunk = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(1_000))

interface Hazards {
  /** Whether the server may lose the session. */
  forgets: boolean
  /** How writes may end. */
  outcomes: readonly ('done' | 'failed' | 'failed, and there')[]
}

function plans({ forgets, outcomes }: Hazards): fc.Arbitrary<Step[]> {
  const keep = forgets ? fc.boolean() : fc.constant(true)
  return fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('publish' as const, 'serve' as const), qos }) },
      { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('up' as const, 'down' as const), count: chunk }) },
      { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), outcome: fc.constantFrom(...outcomes) }) },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('answer' as const, 'settle' as const), count: fc.nat(4) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), keep }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), written: fc.boolean(), keep }) },
    ),
    { minLength: 20, maxLength: 150 },
  )
}

function play(version: ProtocolVersion, plan: Step[], theirs: number, ours: number): CrashRun {
  const run = new CrashRun(version, theirs, ours)
  for (const step of plan) {
    switch (step.do) {
      case 'publish':
      case 'serve':
        run[step.do](step.qos)
        break
      case 'write':
        run.write(step.outcome)
        break
      case 'cut':
        run.reconnect(step.keep)
        break
      case 'crash':
        run.crash(step.written, step.keep)
        break
      default:
        run[step.do](step.count)
    }
  }
  run.finish()
  return run
}

const of = (log: readonly Log[], qos: QoS): string[] =>
  log.filter((each) => each.qos === qos).map(({ payload }) => payload)
const firsts = (payloads: readonly string[]): string[] => [...new Set(payloads)]

/** `published` in order, but for those that nobody was told of as accepted, which may be there or not. */
function inOrder(got: readonly string[], run: CrashRun, qos: QoS): void {
  expect(got).toEqual(of(run.published, qos).filter((payload) => got.includes(payload)))
  for (const payload of of(run.published, qos)) if (run.accepted.has(payload)) expect(got).toContain(payload)
}

/**
 * A Packet Identifier of the server's may be left: nobody says that its session is another one where the CONNACK that said
 * so got lost, and a removal that could not be written is not there for the next process.
 */
const messagesOf = (left: readonly string[]): string[] => left.filter((key) => !key.startsWith('r'))

const RUNS = Number(process.env.EMQTT_CRASHES ?? 400)
const SEED = Number(process.env.EMQTT_SEED ?? 20_271)
const limit = fc.integer({ min: 1, max: 5 })

for (const version of [3, 4, 5] as const) {
  test(`${nameOf(version)}: whenever the process dies and the network breaks, what was accepted arrives, in order, QoS 2 once, and the store is empty in the end`, () => {
    fc.assert(
      fc.property(plans({ forgets: false, outcomes: ['done'] }), limit, limit, (plan, theirs, ours) => {
        const run = play(version, plan, theirs, ours)
        inOrder(firsts(of(run.server.log, 1)), run, 1)
        inOrder(of(run.server.log, 2), run, 2)
        // To us: a handler that was at work when the process died gets its message again.
        expect(firsts(of(run.log, 1))).toEqual(of(run.served, 1))
        expect(firsts(of(run.log, 2))).toEqual(of(run.served, 2))
        for (const [payload, times] of run.times(2))
          expect(times).toBeLessThanOrEqual(1 + (run.unsettled.get(payload) ?? 0))
        expect(run.left).toEqual([])
      }),
      { seed: SEED, numRuns: RUNS },
    )
  }, 3_600_000)
}

for (const version of [4, 5] as const) {
  test(`${nameOf(version)}: however often the server loses the session, too, nothing that was accepted is lost, and no message is left in the store`, () => {
    fc.assert(
      fc.property(plans({ forgets: true, outcomes: ['done'] }), limit, limit, (plan, theirs, ours) => {
        const run = play(version, plan, theirs, ours)
        for (const payload of run.accepted) expect(run.server.log.map((each) => each.payload)).toContain(payload)
        // A server that forgot what it had passed on gets it as a new message.
        for (const payload of of(run.published, 2))
          expect(of(run.server.log, 2).filter((each) => each === payload).length).toBeLessThanOrEqual(run.losses)
        expect(messagesOf(run.left)).toEqual([])
      }),
      { seed: SEED + 1, numRuns: RUNS },
    )
  }, 3_600_000)

  test(`${nameOf(version)}: however often writes fail, or fail and are there after all, nothing that was accepted is lost, and no message is left in the store`, () => {
    fc.assert(
      fc.property(
        plans({ forgets: false, outcomes: ['done', 'failed', 'failed, and there'] }),
        limit,
        limit,
        (plan, theirs, ours) => {
          const run = play(version, plan, theirs, ours)
          for (const payload of run.accepted) expect(run.server.log.map((each) => each.payload)).toContain(payload)
          expect(messagesOf(run.left)).toEqual([])
        },
      ),
      { seed: SEED + 2, numRuns: RUNS },
    )
  }, 3_600_000)
}
