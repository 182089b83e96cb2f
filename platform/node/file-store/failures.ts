/** What a failure of the disk or of LevelDB means, as a table: from what they say to a code and a sentence of advice. */

import { isMqttError, MqttError } from '../../../src/index.js'

interface Explanation {
  readonly code: string
  readonly advice: string
  /** True where the same write succeeds once somebody made room for it. */
  readonly retryable?: boolean
}

/** classic-level takes it for a lock that somebody else has. */
const NO_LOCKS = 'No locks available'

/** LevelDB passes on the words of the system (strerror) and no code; Node's own errors have a code. */
const EXPLANATIONS: readonly (Explanation & { readonly words: string })[] = [
  { words: 'No space left', code: 'ENOSPC', advice: 'the disk is full: make room, and try again', retryable: true },
  {
    words: 'quota exceeded',
    code: 'EDQUOT',
    advice: 'the quota of this user is used up: make room, and try again',
    retryable: true,
  },
  {
    words: 'Too many open files',
    code: 'EMFILE',
    advice: 'this process has too many files open: raise its limit',
    retryable: true,
  },
  { words: 'File too large', code: 'EFBIG', advice: 'a file would be larger than this process may make one' },
  { words: 'Permission denied', code: 'EACCES', advice: 'this user may not write there: change its owner or its mode' },
  { words: 'Operation not permitted', code: 'EPERM', advice: 'the system forbids it: check its owner and attributes' },
  { words: 'Read-only file system', code: 'EROFS', advice: 'its file system is read-only: give another directory' },
  { words: 'Not a directory', code: 'ENOTDIR', advice: 'a part of its path is a file: give another path' },
  { words: 'File exists', code: 'EEXIST', advice: 'a file is in its place: remove it, or give another path' },
  { words: 'Input/output error', code: 'EIO', advice: 'the disk fails: look into the log of the system' },
  { words: NO_LOCKS, code: 'ENOLCK', advice: 'its file system has no locks: give a directory on a local disk' },
  { words: 'No such file', code: 'ENOENT', advice: 'a part of it was removed: close the store and open it again' },
]

interface SystemError extends Error {
  readonly code?: string
}

/** What it says of files that are missing or cut where it does not speak of corruption. */
const MISSING_OR_CUT = /(MANIFEST-\d+|\.ldb|\.sst): (No such file|Invalid argument)/

/** LevelDB cannot make sense of its files, as opposed to not getting at them. */
export function isUnreadable(error: unknown): boolean {
  const { code, message } = reasonOf(error)
  return code === 'LEVEL_CORRUPTION' || MISSING_OR_CUT.test(message)
}

/** The error for what was `doing`: "open" or "write to". What is an `MqttError` already stays what it is. */
export function storeError(doing: string, directory: string, thrown: unknown): MqttError {
  if (isMqttError(thrown)) return thrown
  const cause = reasonOf(thrown)
  if (cause.code === 'LEVEL_LOCKED' && !cause.message.includes(NO_LOCKS)) {
    return lockedError(directory, 'another process has it open', cause)
  }
  const known = EXPLANATIONS.find(({ code, words }) => cause.code === code || cause.message.includes(words))
  const { code, advice, retryable = false } = known ?? { code: 'STORE_FAILED', advice: cause.message }
  return new MqttError(`Cannot ${doing} the store in ${directory}: ${advice} (${code})`, {
    code,
    phase: 'store',
    retryable,
    cause,
  })
}

export function lockedError(directory: string, who: string, cause?: unknown): MqttError {
  const message = `The store in ${directory} is locked: ${who}; close it there, or give each client a directory of its own (STORE_LOCKED)`
  return new MqttError(message, { code: 'STORE_LOCKED', phase: 'store', retryable: true, cause })
}

/** For what trying again does not change. */
export function lastingError(code: string, message: string, cause?: unknown): MqttError {
  return new MqttError(`${message} (${code})`, { code, phase: 'store', cause })
}

/** `open()` of classic-level wraps what LevelDB says. */
function reasonOf(thrown: unknown): SystemError {
  const error = thrown as SystemError
  return error.code === 'LEVEL_DATABASE_NOT_OPEN' && error.cause instanceof Error ? error.cause : error
}
