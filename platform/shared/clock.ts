/** A clock that never goes back and that also counts the time in which the machine slept. */

/**
 * Neither clock of a host does both: the wall clock is set back now and then, and the steady clock stands still while
 * a laptop sleeps. So each reading advances by the larger of their two steps. The price: a wall clock that is set
 * forward makes time leap, which costs a spurious keep-alive check, never a missed one.
 */
export function createClock(
  wall: () => number = () => Date.now(),
  steady: () => number = () => performance.now(),
): () => number {
  let time = 0
  let lastWall = wall()
  let lastSteady = steady()
  return () => {
    const nowWall = wall()
    const nowSteady = steady()
    time += Math.max(nowWall - lastWall, nowSteady - lastSteady, 0)
    lastWall = nowWall
    lastSteady = nowSteady
    return time
  }
}
