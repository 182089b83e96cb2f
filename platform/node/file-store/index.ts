/** `emqtt/store/file`: keeps the session of a client in a directory, so that it outlives the process. For Node. */

import { resolve } from 'node:path'
import { keepSession, type SessionStore, type StoredSession } from '../../../src/index.js'
import { FileStore } from './store.js'

export { isMqttError, MqttError } from '../../../src/index.js'
export type { SessionStore, StoredSession }

/** How a file store writes. */
export interface FileStoreOptions {
  /**
   * Whether a write waits until the disk has it (fsync), so that it survives a power cut and a crash of the system.
   * Without that a write survives the end of the process, SIGKILL included, and nothing more. It takes less time;
   * docs/stores.md says how much less. Default: true.
   */
  sync?: boolean
}

/**
 * A store in `directory`, for one client: `fileStore('/var/lib/my-service/mqtt')`. The directory is made when the store is
 * opened, and has to be its own; a relative path is one of the directory that the process is in now.
 *
 * It needs the package `classic-level` (LevelDB), an optional dependency that npm installs by default. Errors are an
 * `MqttError` of phase `store`: `STORE_LOCKED` while another client or process has it, `STORE_UNAVAILABLE` without that
 * package, `STORE_FOREIGN` for a directory of something else, `STORE_DAMAGED` where nothing can be read, and the names of
 * the system, such as `ENOSPC`. After an error of a write the store is as it was before it, and can be written to again
 * once its cause is gone.
 *
 * @throws {TypeError} that names what is wrong: `directory` or `sync`
 */
export function fileStore(directory: string, { sync = true }: FileStoreOptions = {}): SessionStore {
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError(`directory: expected the path of a directory, got ${JSON.stringify(directory) ?? 'undefined'}`)
  }
  if (typeof sync !== 'boolean') throw new TypeError(`sync: expected true or false, got ${JSON.stringify(sync)}`)
  return keepSession(new FileStore(resolve(directory), sync))
}
