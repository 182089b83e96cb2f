/** The directory of a store: made, told from those of others, and taken for one store of this process. */

import { mkdir, open, readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { lastingError, lockedError } from './failures.js'

/** What a store has in its directory: the database of LevelDB, and what witness.ts writes. */
const DATABASE = 'session.leveldb'
const WITNESS = 'witness.json'

/** What may be where a disk is mounted, and belongs to nobody. */
const OF_NOBODY = /^(\..*|lost\+found)$/

export interface Places {
  /** Without symbolic links, so that one directory has one name. */
  readonly directory: string
  readonly database: string
  readonly witness: string
}

export async function prepareDirectory(given: string): Promise<Places> {
  // Nobody else's business: there are messages in it.
  await mkdir(given, { recursive: true, mode: 0o700 })
  const directory = await realpath(given)
  const names = (await readdir(directory)).filter((name) => !OF_NOBODY.test(name))
  if (names.length > 0 && !names.includes(DATABASE) && !names.includes(WITNESS)) {
    throw lastingError(
      'STORE_FOREIGN',
      `The directory ${directory} has other files in it, such as ${names[0]}: give the store one of its own, new or empty`,
    )
  }
  const places = { directory, database: join(directory, DATABASE), witness: join(directory, WITNESS) }
  await mkdir(places.database, { recursive: true })
  return places
}

/** After a power cut a new file is there only if its directory, too, was written to the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows does not open directories.
  if (process.platform === 'win32') return
  for (const path of [directory, dirname(directory)]) {
    const handle = await open(path, 'r')
    await handle.sync().finally(() => handle.close())
  }
}

const CLAIMS = Symbol.for('emqtt.fileStore.claims')
/** Shared by all copies of this package in the process: ESM and CJS. */
const host = globalThis as { [CLAIMS]?: Set<string> }
host[CLAIMS] ??= new Set()
const claims = host[CLAIMS]

/**
 * Takes a directory for one store of this process. LevelDB refuses a second one, too, but gives its lock free while doing
 * so: on POSIX a lock is gone as soon as its process closes any descriptor of the file.
 */
export function claimDirectory(directory: string): () => void {
  if (claims.has(directory)) throw lockedError(directory, 'this process has it open already')
  claims.add(directory)
  return () => claims.delete(directory)
}
