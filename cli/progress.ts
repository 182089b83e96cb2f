/**
 * How far a long `pub` is, on one line of a terminal. Libraries for it bring several packages, which everybody would
 * install who wants the client alone; this is all that is needed of them.
 */

import { showStatus } from './output.js'

/** So often the line changes, ms. */
const PERIOD = 100

/**
 * Shows how many messages were delivered, again and again until the function that it returns is called. `total` is
 * undefined where nobody knows how many there will be.
 */
export function showProgress(delivered: () => number, total: number | undefined): () => void {
  const started = performance.now()
  const show = (): void => {
    const count = delivered()
    const line = progressLine(count, total, (count * 1000) / (performance.now() - started))
    // One that wraps could not be erased.
    showStatus(line.slice(0, (process.stderr.columns || 80) - 1))
  }
  const timer = setInterval(show, PERIOD)
  return () => {
    clearInterval(timer)
    showStatus('')
  }
}

/** `rate`: messages per second. */
export function progressLine(delivered: number, total: number | undefined, rate: number): string {
  const speed = `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`
  if (total === undefined) return `${delivered} messages, ${speed}`
  const percent = Math.floor((delivered * 100) / total)
  const left = rate > 0 ? `, ${duration((total - delivered) / rate)} left` : ''
  return `${percent} % (${delivered} of ${total} messages), ${speed}${left}`
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`
  return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`
}
