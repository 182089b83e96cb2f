/** The end of a run: a connection to a server that keeps to the standard, until all is answered. Then nothing is left. */

import type { Connect } from '../../../src/codec/packets/connect.js'
import { release } from './actions.js'
import { packetOf } from './draw.js'
import type { Run } from './run.js'

const ROUNDS = 5_000

export function finish(run: Run): void {
  if (run.connect) run.close()
  connect(run)
  for (let round = 0; ; round++) {
    if (round === ROUNDS) throw new Error(`it has no end: ${run.promises.awaited.join()}`)
    if (step(run)) continue
    if (run.promises.awaited.length === 0) break
    const { deadline } = run.session
    if (deadline === Number.POSITIVE_INFINITY)
      throw new Error(`nobody will ever hear of ${run.promises.awaited.join()}`)
    run.tick(deadline)
  }
  checkEmpty(run)
}

/** With the same session, if there is one, and no limits. */
function connect(run: Run): void {
  const { version } = run.setting.settings
  const cleanStart = run.messages.length % 3 === 2
  run.open(packetOf({ type: 'connect', protocolVersion: version, clientId: 'c', cleanStart }, version) as Connect)
  run.session.listen(true, run.now)
  run.receive({ type: 'connack', sessionPresent: version > 3 && !run.connect?.cleanStart })
  if (!run.session.connected) throw new Error('the session does not get a connection')
}

/** Everyone does the next thing. False if nobody has anything to do. */
function step(run: Run): boolean {
  const { peer, judge, session, now } = run
  const answer = peer.owed.shift()
  const [delivery] = judge.arrivals.unsettled
  if (answer) run.receive(answer)
  else if (delivery) {
    judge.arrivals.settled(delivery)
    session.settle(delivery, 0, {}, now)
  } else if (
    judge.received.length > 0 ||
    (run.setting.settings.autoAck === 'never' && judge.arrivals.releases.length > 0)
  ) {
    release(run)
  } else return false
  run.drain()
  if (run.failure) throw new Error(`it fails where all is well: ${run.failure.message}`)
  return true
}

function checkEmpty(run: Run): void {
  const { session, judge, peer, messages } = run
  // At QoS 0 the promise, if anybody waits, is all that there is.
  const left = messages.find(({ qos, complete, gone, unheard }) => qos > 0 && !complete && !gone && !unheard)
  if (left) throw new Error(`message ${left.number}: nothing became of it`)
  if (session.inflight > 0 || session.queued > 0)
    throw new Error(`${session.inflight} in flight and ${session.queued} queued are left`)
  if (judge.open > 0) throw new Error(`${judge.open} exchanges are left`)
  if (!peer.idle) throw new Error('the server waits for an answer')
  if (session.awaits) throw new Error('it awaits what nobody waits for')
  if (session.deadline < Number.POSITIVE_INFINITY) run.tick(session.deadline)
  if (session.deadline < Number.POSITIVE_INFINITY)
    throw new Error(`it wants to be called at ${session.deadline}, for nothing`)
}
