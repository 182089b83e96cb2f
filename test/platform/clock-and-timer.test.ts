/** The clock never goes back and counts sleep; timers of any length fire once, and not at once. */

import { afterEach, expect, test, vi } from 'vitest'
import { nodePlatform } from '../../platform/node/platform.js'
import { createClock } from '../../platform/shared/clock.js'
import { random } from '../../platform/shared/random.js'
import { setTimer } from '../../platform/shared/timer.js'

afterEach(() => void vi.useRealTimers())

function clock() {
  const host = { wall: 1_700_000_000_000, steady: 50 }
  return {
    host,
    now: createClock(
      () => host.wall,
      () => host.steady,
    ),
  }
}

test('it advances with the host', () => {
  const { host, now } = clock()
  const start = now()
  host.wall += 10
  host.steady += 10.5
  expect(now() - start).toBe(10.5)
})

test('it counts the time in which the steady clock stood still', () => {
  const { host, now } = clock()
  const start = now()
  host.wall += 3_600_000
  host.steady += 1
  expect(now() - start).toBe(3_600_000)
})

test('it goes on when the wall clock is set back', () => {
  const { host, now } = clock()
  const start = now()
  host.wall -= 3_600_000
  host.steady += 5
  expect(now() - start).toBe(5)
  host.wall += 10
  host.steady += 10
  expect(now() - start).toBe(15)
})

test('it never goes back', () => {
  const { host, now } = clock()
  const start = now()
  host.wall -= 100
  host.steady -= 100
  expect(now()).toBe(start)
})

test('a timer fires once, and not when cancelled', () => {
  vi.useFakeTimers()
  const fired = vi.fn()
  const cancelled = vi.fn()
  setTimer(fired, 100)
  setTimer(cancelled, 100)()
  vi.advanceTimersByTime(99)
  expect(fired).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1000)
  expect(fired).toHaveBeenCalledTimes(1)
  expect(cancelled).not.toHaveBeenCalled()
})

test('a timer longer than the host can count fires at its time, and can be cancelled on the way', () => {
  vi.useFakeTimers()
  const fired = vi.fn()
  const cancelled = vi.fn()
  const month = 2_678_400_000
  setTimer(fired, month)
  const cancel = setTimer(cancelled, month)
  vi.advanceTimersByTime(month - 1)
  expect(fired).not.toHaveBeenCalled()
  cancel()
  vi.advanceTimersByTime(1)
  expect(fired).toHaveBeenCalledTimes(1)
  expect(cancelled).not.toHaveBeenCalled()
})

test('an endless timer never fires', () => {
  vi.useFakeTimers()
  const fired = vi.fn()
  const cancel = setTimer(fired, Number.POSITIVE_INFINITY)
  vi.advanceTimersByTime(2 ** 33)
  expect(fired).not.toHaveBeenCalled()
  cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test('random gives as many bytes as asked, beyond what one call of the host gives, and others each time', () => {
  expect(random(0)).toHaveLength(0)
  const bytes = random(200_000)
  expect(bytes).toHaveLength(200_000)
  expect(bytes.subarray(199_000).some((byte) => byte !== 0)).toBe(true)
  expect(random(16)).not.toEqual(random(16))
})

test('random bytes in small portions come from few calls of the host, are given once, and do not stay in the pool', () => {
  const calls = vi.spyOn(crypto, 'getRandomValues')
  const portions = Array.from({ length: 1_000 }, () => nodePlatform.random(8))
  expect(calls.mock.calls.length).toBeLessThanOrEqual(9)
  expect(new Set(portions.map(String)).size).toBe(1_000)
  for (const { byteLength, buffer } of portions) expect(buffer.byteLength).toBe(byteLength)
  const pools = calls.mock.calls.map(([pool]) => pool as Uint8Array)
  expect(pools[1]?.every((byte) => byte === 0)).toBe(true)
  expect(nodePlatform.random(2_000)).toHaveLength(2_000)
  expect(nodePlatform.random(0)).toHaveLength(0)
  calls.mockRestore()
})
