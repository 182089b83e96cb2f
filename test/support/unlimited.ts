import type { OutboxLimits } from '../../src/session/outbox.js'

/** An outbox that takes everything. */
export const UNLIMITED: OutboxLimits = {
  maxMessages: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
  maxAge: Number.POSITIVE_INFINITY,
  whenFull: 'reject',
  offlineQos0: 'queue',
}
