/** What a page hears of sleep and of its network: events of the window, the document and the connection. */

type Source = Partial<Pick<EventTarget, 'addEventListener'>>

/** A worker has no `document`, some browsers have no `connection`, and hosts that are no browser have no events. */
export interface WatchedPage extends Source {
  readonly navigator?: { readonly onLine?: boolean; readonly connection?: Source }
  readonly document?: { readonly hidden: boolean }
}

/** Calls `changed` with whether the browser is online, at each event that may mean a dead connection or a new network. */
export function watchPage(page: WatchedPage, changed: (online: boolean) => void): () => void {
  const { navigator, document } = page
  const watching = new AbortController()
  const hear = ({ type }: { type: string }): void => {
    if (type !== 'visibilitychange' || !document?.hidden) changed(navigator?.onLine !== false)
  }
  const watch = (source: Source | undefined, type: string): void => source?.addEventListener?.(type, hear, watching)
  // A page that was frozen needs no more: its WebSockets were ended, and its timers come late.
  for (const type of ['online', 'visibilitychange', 'pageshow', 'offline']) watch(page, type)
  watch(navigator?.connection, 'change')
  if (navigator?.onLine === false) changed(false)
  return () => watching.abort()
}
