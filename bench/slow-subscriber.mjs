/**
 * A publisher and a subscriber that is too slow for it, each in a process of its own, through mosquitto: memory of all
 * three each second, what was sent, received, dropped, and whether keep-alive goes on. At the end the subscriber is let
 * loose, and at QoS 1 and 2 it must get all that was acknowledged, QoS 2 once.
 *
 *   --qos 0|1|2 (0)         --seconds 60             --rate 10000 messages/s; 0 is as fast as it goes
 *   --consume 10 messages/s --style handler|iterator --payload 100 bytes      --window 1000 unacknowledged at most
 *   --version 4|5 (5)       --inflight 20, of mosquitto; 0 is no limit        --keep-alive 5 s
 *   --options '{"backlog":{"maxMessages":1000,"overflow":"drop-oldest"}}', of both clients
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBroker } from './broker.mjs'

const { values } = parseArgs({
  options: {
    qos: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '10000' },
    consume: { type: 'string', default: '10' },
    style: { type: 'string', default: 'iterator' },
    payload: { type: 'string', default: '100' },
    window: { type: 'string', default: '1000' },
    version: { type: 'string', default: '5' },
    inflight: { type: 'string', default: '20' },
    'keep-alive': { type: 'string', default: '5' },
    options: { type: 'string', default: '{}' },
  },
})

/**
 * ms without a packet after which the subscriber has all that it will get. At QoS 2, mosquitto 2.0.11 takes a completed
 * exchange for two, has tens of thousands under way then, and goes through all of them for each: it is slow, not done.
 */
const QUIET = 5_000

const broker = await startBroker([`max_inflight_messages ${values.inflight}`, 'max_queued_messages 0'])
const settings = {
  url: broker.url,
  qos: Number(values.qos),
  rate: Number(values.rate),
  consume: Number(values.consume),
  style: values.style,
  payload: Number(values.payload),
  window: Number(values.window),
  options: {
    ...JSON.parse(values.options),
    protocolVersion: Number(values.version),
    keepAlive: Number(values['keep-alive']),
    cleanStart: false,
  },
}
console.log(
  `QoS ${values.qos}, ${values.rate} messages/s for ${values.seconds} s, ${values.style} of ${values.consume}/s`,
)

const subscriber = await startPeer('subscriber')
const publisher = await startPeer('publisher')
console.log(
  '   s  publisher: rss heap  acked  unacked |  subscriber: rss heap  taken dropped ping pong lost | mosquitto',
)
const started = Date.now()
let loud = await sample()
while (Date.now() - started < Number(values.seconds) * 1000) {
  await sleep(1000)
  loud = await sample()
}
const { acked, sent } = await ask(publisher, 'stop')
console.log(`published ${sent}, acknowledged ${acked}; the subscriber is let loose`)
await ask(subscriber, 'loose')
for (let quietSince = Date.now(), packets = -1; Date.now() - quietSince < QUIET; ) {
  await sleep(1000)
  const now = await sample()
  if (now.subscriber.packets !== packets) quietSince = Date.now()
  packets = now.subscriber.packets
  if (settings.qos > 0 && now.subscriber.different >= acked) break
}
const end = await ask(subscriber, 'report')
console.log(
  `received ${end.taken}, of them different ${end.different}, out of order ${end.disorder}; dropped by the client ${end.dropped}; ` +
    `connections lost: publisher ${loud.publisher.lost}, subscriber ${end.lost}`,
)
const missing = sent - end.different
const failed =
  settings.qos > 0 && (end.different < acked || (settings.qos === 2 && end.taken > end.different) || end.dropped > 0)
if (settings.qos === 0)
  console.log(`${missing} did not arrive, ${missing - end.dropped} of them uncounted by the client`)
else console.log(failed ? 'FAILED: messages were lost or doubled' : 'nothing is lost, and at QoS 2 nothing came twice')
await Promise.all([ask(publisher, 'end'), ask(subscriber, 'end')])
await broker.stop()
process.exitCode = failed ? 1 : 0

/** Forks a peer, and waits until it is connected. */
async function startPeer(role) {
  const child = fork(fileURLToPath(new URL('slow-subscriber-peer.mjs', import.meta.url)), [role], {
    execArgv: ['--expose-gc'],
  })
  child.send(settings)
  await once(child, 'message')
  return child
}

/** A peer answers each question with one message. */
async function ask(peer, question) {
  const answered = once(peer, 'message')
  peer.send(question)
  return (await answered)[0]
}

async function sample() {
  const [p, s] = await Promise.all([ask(publisher, 'report'), ask(subscriber, 'report')])
  const cells = [
    [Math.round((Date.now() - started) / 1000), 4],
    [p.rss, 16],
    [p.heap, 5],
    [p.acked, 7],
    [p.sent - p.acked, 9],
    ['|', 2],
    [s.rss, 16],
    [s.heap, 5],
    [s.taken, 7],
    [s.dropped, 8],
    [s.pings, 5],
    [s.pongs, 5],
    [s.lost, 5],
    ['|', 2],
    [Math.round(broker.memory), 10],
  ]
  console.log(cells.map(([cell, width]) => String(cell).padStart(width)).join(''))
  return { publisher: p, subscriber: s }
}
