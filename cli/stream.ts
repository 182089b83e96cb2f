/** Publishes payloads as they come, several at a time, and none faster than the server takes them. */

/** How often the rest of the process gets its turn while the server takes all at once. */
const TURN = 64

/**
 * Calls `publish` for each payload, with at most `window` of these calls not yet resolved; the next payload is asked for
 * when there is room. Resolves when all have; rejects with the first that fails, however long payloads are awaited.
 */
export function publishAll<P>(
  payloads: Iterable<P> | AsyncIterable<P>,
  window: number,
  publish: (payload: P) => Promise<unknown>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let underWay = 0
    let count = 0
    let failed = false
    let onRoom: () => void = () => {}

    const room = (most: number): Promise<void> | undefined =>
      underWay <= most
        ? undefined
        : new Promise((resolve) => {
            onRoom = () => {
              if (underWay <= most) resolve()
            }
          })
    const done = (): void => {
      underWay--
      onRoom()
    }
    const fail = (error: unknown): void => {
      failed = true
      reject(error)
    }

    const work = async (): Promise<void> => {
      for await (const payload of payloads) {
        if (failed) return
        underWay++
        publish(payload).then(done, fail)
        await room(window - 1)
        if (++count % TURN === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await room(0)
    }
    work().then(resolve, fail)
  })
}
