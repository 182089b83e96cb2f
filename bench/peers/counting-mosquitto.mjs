/**
 * A mosquitto that tells how many bytes of payload it was sent. It says so each second; of messages it counts those of QoS 0
 * and 1 only.
 */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../dist/node/index.js'
import { startBroker } from '../broker.mjs'
import { serveControl } from '../wire/control.mjs'
import { handIn, takeJob } from '../work.mjs'

/** ms that it has to come to the number that is expected. */
const PATIENCE = 4_000

const { config = [] } = await takeJob()
const { url } = await startBroker(['sys_interval 1', ...config])
let bytes = 0
const client = await connect(url)
await client.subscribe('$SYS/broker/publish/bytes/received', (message) => {
  bytes = Number(message.text())
})

const control = await serveControl({
  async count(expected) {
    for (const late = AbortSignal.timeout(PATIENCE); bytes < expected.bytes && !late.aborted; ) await sleep(20)
    return { bytes, wrong: 0 }
  },
})
handIn({ url, control })
await once(process, 'disconnect')
