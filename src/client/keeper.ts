/** How a client finds what makes its session last: it is handed in with the store, so that who has none does not ship it. */

import type { Journal } from '../session/journal.js'
import type { RecordCodec } from '../session/record-codec.js'
import type { Session } from '../session/session.js'
import type { Events } from './events.js'
import type { Owner, Storage } from './storage.js'
import type { Platform } from './transport.js'

/** Under what a store has its `Keeper`: the same in all copies of this package. */
export const KEEPER = Symbol.for('emqtt.keeper')

/** What makes the parts of a client that its store needs. */
export interface Keeper {
  journal(codec: RecordCodec): Journal
  storage(session: Session, platform: Platform, events: Events, owner: Owner): Storage
}
