/** What makes a session last in a store. It comes with the store, so that a client without one does not ship it. */

import { wrongType } from '../errors.js'
import { Journal } from '../session/journal.js'
import { KEEPER, type Keeper } from './keeper.js'
import { Storage } from './storage.js'
import type { SessionStore } from './store.js'

/**
 * Makes a store of your own one for the option `store`: `keepSession({ open, write, close })`. It is the same object.
 *
 * @throws {TypeError} that names what is wrong: `store`, or which of its functions is missing
 */
export function keepSession<S extends SessionStore>(store: S): S {
  if (typeof store !== 'object' || store === null) throw wrongType('store', 'an object', store)
  for (const name of ['open', 'write', 'close'] as const)
    if (typeof store[name] !== 'function') throw wrongType(`store.${name}`, 'a function', store[name])
  const keeper: Keeper = {
    journal: (codec) => new Journal(codec),
    storage: (...parts) => new Storage(store, ...parts),
  }
  return Object.defineProperty(store, KEEPER, { value: keeper })
}
