import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProtocolVersion, QoS } from '../../src/codec/protocol.js'
import { BackToBack, type Log } from '../support/back-to-back.js'
import { nameOf } from './bench.js'

type Step =
  | { do: 'publish' | 'serve'; qos: QoS }
  | { do: 'up' | 'down' | 'answer' | 'settle'; count: number }
  | { do: 'cut'; keep: boolean }

const qos = fc.constantFrom<QoS[]>(0, 1, 2)
const chunk = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(1_000))

function steps(keepAlways: boolean): fc.Arbitrary<Step[]> {
  return fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('publish' as const, 'serve' as const), qos }) },
      { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('up' as const, 'down' as const), count: chunk }) },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('answer' as const, 'settle' as const), count: fc.nat(4) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('cut' as const), keep: keepAlways ? fc.constant(true) : fc.boolean() }),
      },
    ),
    { minLength: 20, maxLength: 150 },
  )
}

interface Run {
  pair: BackToBack
  published: Log[]
  served: Log[]
}

function run(version: ProtocolVersion, plan: Step[], receiveMaximum: number, window: number): Run {
  const pair = new BackToBack(version, receiveMaximum, window)
  const published: Log[] = []
  const served: Log[] = []
  for (const step of plan) {
    switch (step.do) {
      case 'publish':
        published.push({ qos: step.qos, payload: `${published.length}` })
        pair.publish(published.at(-1) as Log)
        break
      case 'serve':
        served.push({ qos: step.qos, payload: `${served.length}` })
        pair.serve(served.at(-1) as Log)
        break
      case 'cut':
        pair.reconnect(step.keep)
        break
      default:
        pair[step.do](step.count)
    }
  }
  pair.finish()
  return { pair, published, served }
}

function of(log: Log[], qos: QoS): string[] {
  return log.filter((entry) => entry.qos === qos).map(({ payload }) => payload)
}

function firsts(payloads: string[]): string[] {
  return [...new Set(payloads)]
}

/** At most once, at least once, exactly once; each in order. */
function check(sent: Log[], got: Log[]): void {
  const zero = of(got, 0)
  expect(zero).toEqual(of(sent, 0).filter((payload) => zero.includes(payload)))
  expect(firsts(of(got, 1))).toEqual(of(sent, 1))
  expect(of(got, 2)).toEqual(of(sent, 2))
}

for (const version of [3, 4, 5] as const) {
  test(`${nameOf(version)}: however the connection is cut, QoS 1 arrives at least once, QoS 2 exactly once, each in order, both ways (§4.3.2, §4.3.3, §4.6)`, () => {
    fc.assert(
      fc.property(steps(true), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (plan, theirs, ours) => {
        const { pair, published, served } = run(version, plan, theirs, ours)
        check(published, pair.server.log)
        check(served, pair.log)
        expect([...pair.acknowledged].sort()).toEqual([...of(published, 1), ...of(published, 2)].sort())
        expect(pair.session.inflight + pair.session.queued).toBe(0)
      }),
      { seed: 20_260, numRuns: 200 },
    )
  })
}

for (const version of [4, 5] as const) {
  test(`${nameOf(version)}: however often the server loses the session, no message of QoS 1 or 2 from us is lost, and each promise settles once`, () => {
    fc.assert(
      fc.property(
        steps(false),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        (plan, theirs, ours) => {
          const { pair, published } = run(version, plan, theirs, ours)
          for (const qos of [1, 2] as const) {
            const got = of(pair.server.log, qos)
            for (const payload of of(published, qos)) expect(got).toContain(payload)
          }
          expect([...pair.acknowledged].sort()).toEqual([...of(published, 1), ...of(published, 2)].sort())
          expect(pair.session.inflight + pair.session.queued).toBe(0)
        },
      ),
      { seed: 20_261, numRuns: 200 },
    )
  })
}
