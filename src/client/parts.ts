/** What the parts of one client share. */

import type { Session } from '../session/session.js'
import type { Backlog } from './backlog.js'
import type { Connection } from './connection.js'
import type { Events } from './events.js'
import type { ClientMetrics } from './metrics.js'
import type { Settings } from './settings.js'
import type { Storage } from './storage.js'
import type { Subscriptions } from './subscriptions.js'
import type { Platform } from './transport.js'

export interface Parts {
  readonly platform: Platform
  readonly settings: Settings
  readonly events: Events
  readonly backlog: Backlog
  readonly metrics: ClientMetrics
  readonly subscriptions: Subscriptions
  readonly session: Session
  readonly connection: Connection
  /** Undefined where the session is in memory alone. */
  readonly storage: Storage | undefined
}
