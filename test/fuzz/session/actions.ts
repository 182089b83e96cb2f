/** What can happen to a session, each with what it draws from the fuzzer's bytes. */

import type { Publish } from '../../../src/codec/packets/publish.js'
import type { Subscribe } from '../../../src/codec/packets/subscribe.js'
import { MqttError, RefusedError } from '../../../src/errors.js'
import type { Choices } from '../choices.js'
import { drawAuth, drawConnack, drawConnect, drawHostile, packetOf } from './draw.js'
import { payloadOf } from './messages.js'
import type { Run } from './run.js'

export type Action = (run: Run, choices: Choices) => void

const TOPICS = ['a', 'room/light', 'room/light/in/the/hall']
const FILTERS = ['a', 'b/#', '$share/g/c']

function publish(run: Run, choices: Choices): void {
  const { session, messages, promises, now, setting } = run
  const qos = choices.pick([1, 2, 0] as const)
  const topic = choices.pick(TOPICS)
  const more = choices.byte()
  const retain = (more & 7) === 7
  const expiry = setting.settings.version === 5 && (more & 24) === 24 ? 2 : undefined
  const number = messages.length
  const message = { number, qos, topic, retain, expiry, complete: false, gone: false, unheard: false }
  messages.push(message)
  const properties = expiry === undefined ? {} : { messageExpiryInterval: expiry }
  const payload = payloadOf(number, more >> 5)
  const packet: Publish = { type: 'publish', dup: false, qos, retain, topic, packetId: undefined, properties, payload }
  const tag = promises.ask('publish', message)
  run.note(() => `publish ${number} qos ${qos} ${topic}`)
  attempt(run, tag, () => {
    if (session.publish(packet, tag, now, (more & 96) === 96) && qos === 0) promises.settle(tag, 'sent')
  })
  if (!promises.open.has(tag) && qos > 0) message.gone = true
}

/** A request that may be refused by what the server said, at once and for good. */
function attempt({ promises }: Run, tag: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    promises.settle(tag, 'refused')
  }
}

function call(run: Run, choices: Choices): void {
  const { version } = run.setting.settings
  const filter = choices.pick(FILTERS)
  const subscribes = choices.rarely(2)
  const tag = run.promises.ask(subscribes ? 'subscribe' : 'unsubscribe')
  const packet = subscribes
    ? packetOf({ type: 'subscribe', packetId: 1, subscriptions: [{ filter }] }, version)
    : packetOf({ type: 'unsubscribe', packetId: 1, filters: [filter] }, version)
  run.note(() => `call ${tag}`)
  run.session.call(packet as Subscribe, tag, run.now)
}

function cancel({ session, promises }: Run, choices: Choices): void {
  // A re-authentication goes on all the same, and tells of its end: the client knows then that nobody waits.
  const tags = [...promises.open.keys()].filter((tag) => !tag.startsWith('reauthenticate'))
  if (tags.length === 0) return
  const tag = choices.pick(tags)
  const message = promises.open.get(tag)?.message
  if (message) message.unheard = true
  promises.forget(tag)
  session.cancel(tag)
}

function ping(run: Run): void {
  run.session.ping(run.promises.ask('ping'), run.now)
}

function openOrCut(run: Run, choices: Choices): void {
  if (run.connect) {
    run.close()
    return
  }
  const { version } = run.setting.settings
  const connect = drawConnect(choices, run.setting)
  const packet = packetOf(
    { type: 'subscribe', packetId: 1, subscriptions: FILTERS.map((filter) => ({ filter })) },
    version,
  )
  const tag = () => run.promises.ask('subscribe again', undefined, true)
  run.open(connect, choices.rarely(2) ? [{ packet: packet as Subscribe, tag }] : [])
}

function connack(run: Run, choices: Choices): void {
  if (!run.connect || run.answered) return
  if (choices.rarely(12)) {
    run.receive({ type: 'connack', reasonCode: run.setting.settings.version === 5 ? 0x88 : 3 })
  } else run.receive(drawConnack(choices, run.connect, run.setting))
}

function answerNext(run: Run): void {
  const next = run.hears && run.session.connected ? run.peer.owed.shift() : undefined
  if (next) run.receive(next)
}

function answerAll(run: Run): void {
  for (let left = run.peer.owed.length; left > 0; left--) answerNext(run)
}

/** A server that keeps to the standard may yet refuse. */
function refuseNext(run: Run): void {
  const { version } = run.setting.settings
  const [next] = run.peer.owed
  if (version === 5 && (next?.type === 'puback' || next?.type === 'pubrec')) next.reasonCode = 0x97
  answerNext(run)
}

function serve(run: Run, choices: Choices): void {
  if (!run.hears || !run.session.connected) return
  const packet = run.peer.publish(choices.pick([2, 1, 0] as const), choices.pick(TOPICS), choices.bytes(1))
  if (packet) run.receive(packet)
}

function settle(run: Run, choices: Choices): void {
  const { unsettled } = run.judge.arrivals
  if (unsettled.length === 0) return
  const delivery = choices.pick(unsettled)
  const reasonCode = run.setting.settings.version === 5 && choices.rarely(4) ? 0x83 : 0
  run.note(() => `settle ${delivery.packetId}`)
  run.judge.arrivals.settled(delivery)
  run.session.settle(delivery, reasonCode, {}, run.now)
}

/** What `autoAck: 'never'` leaves to the application. */
export function release(run: Run): void {
  const { session, judge, now } = run
  if (run.setting.settings.autoAck !== 'never') return
  const [pubrel] = judge.received
  const [pubcomp] = judge.arrivals.releases
  if (pubrel !== undefined) {
    judge.released(pubrel)
    session.release('pubrel', pubrel, 0, {}, now)
  } else if (pubcomp !== undefined) session.release('pubcomp', pubcomp, 0, {}, now)
}

function wait(run: Run, choices: Choices): void {
  run.tick(run.now + choices.pick([1, 200, 1_000, 3_000]))
}

function waitForDeadline(run: Run): void {
  if (run.session.deadline < Number.POSITIVE_INFINITY) run.tick(run.session.deadline)
}

function misbehave(run: Run, choices: Choices): void {
  if (run.setting.hostile) run.receive(drawHostile(choices, run.setting.settings.version))
}

function sendBytes(run: Run, choices: Choices): void {
  if (run.setting.hostile && run.hears) run.receiveBytes(choices.bytes(choices.below(24)))
}

function disconnect(run: Run, choices: Choices): void {
  const reasonCode = choices.pick([0, 4])
  run.note(() => 'disconnect')
  run.session.disconnect(reasonCode, {})
  run.judge.failed()
}

function beDisconnected(run: Run): void {
  if (run.setting.settings.version === 5 && run.session.connected) run.receive({ type: 'disconnect', reasonCode: 0x8b })
}

function detach(run: Run, choices: Choices): void {
  if (run.connect) return
  run.note(() => 'detach')
  run.session.detach(() => new MqttError('gone', { code: 'GONE', phase: 'closed' }))
  if (!choices.rarely(3)) return
  run.drain()
  run.note(() => 'reset')
  run.session.reset()
  run.judge.reset()
  for (const message of run.messages) message.gone = true
  run.anew = true
}

function change({ session, now }: Run, choices: Choices): void {
  const how = choices.byte()
  const on = (how & 1) === 1
  if ((how & 6) === 0) session.quieten(on)
  else if ((how & 6) === 2) session.listen(on, now)
  else if ((how & 6) === 4) session.probe(now)
  else session.alive()
}

function authenticate(run: Run, choices: Choices): void {
  const { session, exchanges, now } = run
  const next = exchanges.shift()
  const how = choices.below(4)
  if (!next) {
    if (how < 2) session.reauthenticate(run.promises.ask('reauthenticate'), now)
    else if (run.setting.authenticates && run.setting.hostile) run.receive(drawAuth(choices))
  } else if (how === 0) session.refuse(next.exchange, new MqttError('no', { code: 'NO', phase: 'authentication' }))
  else if (next.type === 'verify') session.verified(next.exchange, now)
  else {
    try {
      session.authenticate(next.exchange, choices.bytes(2), now)
    } catch (error) {
      // AUTH is larger than the server takes.
      if (!(error instanceof RefusedError)) throw error
    }
  }
}

/** By a byte each; what matters most is there more than once. */
export const ACTIONS: readonly Action[] = [
  ...[publish, publish, publish, openOrCut, connack, answerNext, answerNext, answerAll, serve, serve, settle, settle],
  ...[release, release, call, cancel, ping, wait, waitForDeadline, misbehave, misbehave, sendBytes, refuseNext],
  ...[disconnect, beDisconnected, detach, change, authenticate],
]
