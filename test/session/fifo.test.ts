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

/** How many items `act` has moved from one array, or place, to another. It is told the room of the array pushed to last. */
function watch(act: (room: () => number) => void): number {
  const prototype = Array.prototype as unknown as Record<'push' | 'slice' | 'splice', (...args: unknown[]) => unknown>
  const { push, slice, splice } = prototype
  let pushed: unknown[] = []
  let moved = 0
  prototype.push = function (this: unknown[], ...args) {
    pushed = this
    return push.apply(this, args)
  }
  prototype.slice = function (this: unknown[], ...args) {
    const copy = slice.apply(this, args) as unknown[]
    moved += copy.length
    return copy
  }
  prototype.splice = function (this: unknown[], ...args) {
    moved += this.length - (args[0] as number)
    return splice.apply(this, args)
  }
  try {
    act(() => pushed.length)
  } finally {
    Object.assign(prototype, { push, slice, splice })
  }
  return moved
}

test('a queue that is never empty takes no more room than for what waits and as much again, or 1 024 more', () => {
  for (const waiting of [1, 5_000]) {
    let most = 0
    watch((room) => {
      const queue = new Fifo<number>()
      for (let item = 0; item < waiting; item++) queue.push(item)
      for (let item = 0; item < 30_000; item++) {
        queue.push(item)
        queue.shift()
        most = Math.max(most, room())
      }
    })
    expect(most).toBeLessThanOrEqual(waiting + Math.max(waiting, 1_024))
  }
})

test('a queue that was emptied takes no room, however long it was', () => {
  let room = 0
  watch((now) => {
    const queue = new Fifo<number>()
    for (let item = 0; item < 900; item++) queue.push(item)
    for (let item = 0; item < 900; item++) queue.shift()
    queue.push(1)
    room = now()
  })
  expect(room).toBe(1)
})

test('to take the first out of 50 000 moves no more than a few, whether by its turn or by name', () => {
  const taken = 40_000
  const filled = (): Fifo<number> => {
    const queue = new Fifo<number>()
    for (let item = 0; item < 50_000; item++) queue.push(item)
    return queue
  }
  const byTurn = filled()
  const turns = watch(() => {
    for (let item = 0; item < taken; item++) byTurn.shift()
  })
  const byName = filled()
  const names = watch(() => {
    for (let item = 0; item < taken; item++) byName.remove((other) => other === item)
  })
  expect([turns, names].map((moved) => moved <= 2 * taken)).toEqual([true, true])
  expect([byTurn.peek(), byName.peek()]).toEqual([taken, taken])
})

test('a name that nobody has finds nobody, and takes nothing out', () => {
  const queue = new Fifo<{ name: string }>()
  for (const name of ['a', 'b']) queue.push({ name })
  const asked: string[] = []
  const nobody = ({ name }: { name: string }): boolean => asked.push(name) === 0
  expect(queue.find(nobody)).toBeUndefined()
  expect(queue.remove(nobody)).toBeUndefined()
  expect(asked).toEqual(['a', 'b', 'a', 'b'])
  expect(queue.find(({ name }) => name === 'b')).toEqual({ name: 'b' })
  expect(queue.size).toBe(2)
})
