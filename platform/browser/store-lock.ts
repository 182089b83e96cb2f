/**
 * A lock of the browser (Web Locks), so that of all pages and workers of a site one alone has a store.
 *
 * The browser frees it with the page: at a reload, a crash, the end. Chromium puts no page with a lock into its
 * back/forward cache, and on desktops freezes none whose lock another page waits for. Android freezes it all the same;
 * the store is locked then until that tab is shown or discarded.
 */

/** A page that unloads may free its lock a little after the next page has asked for it. In ms. */
const PATIENCE = 2_000

export interface Lock {
  /** Resolves once others can have it. */
  release(): Promise<void>
}

/** Resolves to undefined while somebody else has it. `stolen` is called when a page takes it by force later. */
export function acquireLock(name: string, stolen: () => void): Promise<Lock | undefined> {
  const waiting = new AbortController()
  const timer = setTimeout(() => waiting.abort(), PATIENCE)
  return new Promise((resolve, reject) => {
    let granted = false
    const over = navigator.locks
      .request(name, { signal: waiting.signal }, () => {
        granted = true
        clearTimeout(timer)
        return new Promise<void>((free) => {
          const release = (): Promise<void> => {
            free()
            return over
          }
          resolve({ release })
        })
      })
      .catch((error) => {
        clearTimeout(timer)
        if (granted) stolen()
        else if (waiting.signal.aborted) resolve(undefined)
        else reject(error)
      })
  })
}
