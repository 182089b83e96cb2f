/** LevelDB, through classic-level: found, opened, read whole, and repaired where it cannot read its own files. */

import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { isUnreadable, lastingError, storeError } from './failures.js'

export type Database = ClassicLevel<string, Uint8Array>

export interface ReadDatabase {
  readonly database: Database
  readonly rows: readonly (readonly [key: string, value: Uint8Array])[]
  readonly repaired: boolean
}

/** Loaded when it is needed: it is native code, and may be absent. */
async function loadLibrary(): Promise<typeof ClassicLevel> {
  try {
    return (await import('classic-level')).ClassicLevel
  } catch (cause) {
    throw lastingError(
      'STORE_UNAVAILABLE',
      'The file store needs the package classic-level, which is not installed or has no binary for this platform: run npm install classic-level; see cause',
      cause,
    )
  }
}

export async function openDatabase(location: string): Promise<Database> {
  const Level = await loadLibrary()
  const database: Database = new Level(location, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await database.open()
  return database
}

export async function readDatabase(location: string): Promise<ReadDatabase> {
  const Level = await loadLibrary()
  try {
    return { ...(await openAndRead(location)), repaired: false }
  } catch (error) {
    if (!isUnreadable(error)) throw error
  }
  await demandRoom(location)
  try {
    await Level.repair(location)
    return { ...(await openAndRead(location)), repaired: true }
  } catch (cause) {
    throw lastingError(
      'STORE_DAMAGED',
      `The store in ${location} cannot be read, and repairing it failed: keep a copy for inquiries, then remove it or put a backup in its place`,
      cause,
    )
  }
}

async function openAndRead(location: string): Promise<Omit<ReadDatabase, 'repaired'>> {
  await demandCurrent(location)
  const database = await openDatabase(location)
  try {
    return { database, rows: await database.iterator().all() }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Without its file CURRENT, LevelDB would take the database for a new one and remove the files of the old. */
async function demandCurrent(location: string): Promise<void> {
  const names = await readdir(location)
  if (!names.some((name) => /\.(log|ldb|sst)$/.test(name))) return
  await stat(join(location, 'CURRENT')).catch((cause) => {
    throw Object.assign(new Error('CURRENT is missing', { cause }), { code: 'LEVEL_CORRUPTION' })
  })
}

/** A repair that runs out of room would put aside what it has not copied yet. */
async function demandRoom(location: string): Promise<void> {
  const { bavail, bsize } = await statfs(location)
  if (bavail * bsize > (await measureFiles(location, /./))) return
  throw storeError('repair', location, Object.assign(new Error('too little room for a repair'), { code: 'ENOSPC' }))
}

/** Bytes of LevelDB's log, which is one file, or two for a moment. */
export function measureLog(location: string): Promise<number> {
  return measureFiles(location, /\.log$/)
}

async function measureFiles(location: string, pattern: RegExp): Promise<number> {
  const names = (await readdir(location)).filter((name) => pattern.test(name))
  const stats = await Promise.all(names.map((name) => stat(join(location, name))))
  return stats.reduce((sum, { size }) => sum + size, 0)
}
