/** What the store of a browser rejects with: an `MqttError` of phase `store` that names the store and says what to do. */

import { MqttError } from '../../src/index.js'

/** `advice` goes on after the name of the store. */
export function storeError(
  name: string,
  code: string,
  advice: string,
  { retryable = false, cause }: { retryable?: boolean; cause?: unknown } = {},
): MqttError {
  return new MqttError(`store ${JSON.stringify(name)}: ${advice}`, { code, phase: 'store', retryable, cause })
}

/** Why a write failed, by the name of the browser's error. Nothing of such a write is stored. */
export function writeError(name: string, cause: unknown): MqttError {
  const kind = nameOf(cause)
  if (kind === 'QuotaExceededError') {
    return storeError(
      name,
      'QUOTA_EXCEEDED',
      'the browser has no room left for this site, so that nothing more is stored; have messages delivered or dropped, delete other data of the site (navigator.storage.estimate() tells how much there is), or free disk space',
      { retryable: true, cause },
    )
  }
  return storeError(name, 'STORE_FAILED', `the browser could not write (${kind}); nothing of it is stored, try again`, {
    retryable: true,
    cause,
  })
}

/** Why the database could not be opened or read. */
export function openError(name: string, cause: unknown): MqttError {
  const kind = nameOf(cause)
  if (kind === 'VersionError') return foreignError(name, cause)
  if (kind === 'QuotaExceededError') return writeError(name, cause)
  return storeError(
    name,
    'STORE_UNAVAILABLE',
    `this page cannot use IndexedDB (${kind}); a private mode, a setting that blocks the data of sites, or a sandbox may forbid it: allow it, or connect without a store`,
    { cause },
  )
}

export function foreignError(name: string, cause?: unknown): MqttError {
  return storeError(
    name,
    'STORE_FOREIGN',
    `the database "emqtt:${name}" was made by another program or by a newer emqtt, and is left as it is; use another name, or delete it`,
    { cause },
  )
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : String(error)
}
