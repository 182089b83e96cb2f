/** A mosquitto that tells how many messages, with how many bytes of payload, it was sent; it says so each second. */

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
const counts = { messages: 0, bytes: 0 }
const client = await connect(url)
await client.subscribe('$SYS/broker/publish/+/received', ({ topic, payload }) => {
  const [, , , name] = topic.split('/')
  counts[name] = Number(Buffer.from(payload).toString())
})

const control = await serveControl({
  async count(expected) {
    const late = AbortSignal.timeout(PATIENCE)
    while (counts.messages < expected.messages || counts.bytes < expected.bytes) {
      if (late.aborted) break
      await sleep(20)
    }
    return { ...counts, wrong: 0 }
  },
})
handIn({ url, control })
await once(process, 'disconnect')
