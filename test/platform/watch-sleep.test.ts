/** Node notices that the machine slept by a clock that leapt, and its watching keeps no process alive. */

import { afterEach, expect, test, vi } from 'vitest'
import { nodePlatform } from '../../platform/node/platform.js'
import { watchSleep } from '../../platform/node/watch-sleep.js'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('a clock that goes on by much more than the timer asked for is a sleep, once', () => {
  vi.useFakeTimers()
  let slept = 0
  let now = 0
  const stop = watchSleep(
    () => now,
    () => slept++,
  )
  const wait = (ms: number): void => {
    now += ms
    vi.advanceTimersByTime(10_000)
  }
  wait(10_000)
  wait(19_000)
  expect(slept, 'a busy machine').toBe(0)
  wait(3_600_000)
  wait(10_000)
  expect(slept).toBe(1)
  stop()
  wait(3_600_000)
  expect(slept).toBe(1)
  expect(vi.getTimerCount()).toBe(0)
})

test('the watching keeps no process alive', () => {
  const set = vi.spyOn(globalThis, 'setInterval')
  const stop = nodePlatform.watch?.(() => {})
  expect(set.mock.results.map(({ value }) => value.hasRef())).toEqual([false])
  const cleared = vi.spyOn(globalThis, 'clearInterval')
  stop?.()
  expect(cleared).toHaveBeenCalledWith(set.mock.results[0]?.value)
})
