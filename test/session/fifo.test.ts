import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fifo } from '../../src/session/fifo.js'

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), times: fc.nat(40) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('shift' as const), times: fc.nat(40) }) },
  fc.record({ do: fc.constant('unshift' as const), times: fc.nat(5) }),
  fc.record({ do: fc.constant('remove' as const), times: fc.nat(200) }),
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), times: fc.constant(1) }) },
)

test('a queue does what an array does, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new Fifo<number>()
      const model: number[] = []
      let next = 1
      for (const { do: what, times } of steps) {
        if (what === 'clear') {
          queue.change(() => [])
          model.length = 0
        } else if (what === 'remove') {
          const wanted = next - times
          const at = model.indexOf(wanted)
          expect(queue.remove((item) => item === wanted)).toBe(at < 0 ? undefined : wanted)
          if (at >= 0) model.splice(at, 1)
        } else if (what === 'unshift') {
          const items = Array.from({ length: times }, () => next++)
          queue.change((before) => [...items, ...before])
          model.unshift(...items)
        } else {
          for (let time = 0; time < times; time++) {
            if (what === 'push') {
              queue.push(next)
              model.push(next++)
            } else expect(queue.shift()).toBe(model.shift())
          }
        }
        expect(queue.size).toBe(model.length)
        expect(queue.peek()).toBe(model[0])
      }
    }),
    { seed: 42, numRuns: 300 },
  )
})

test('a long queue keeps its order while its front is let go', () => {
  const queue = new Fifo<number>()
  let pushed = 0
  let shifted = 0
  for (let round = 0; round < 20; round++) {
    while (pushed < (round + 1) * 1_500) queue.push(++pushed)
    while (shifted < round * 1_400) if (queue.shift() !== ++shifted) throw new Error(`${shifted} is out of order`)
  }
  expect(queue.size).toBe(pushed - shifted)
})
