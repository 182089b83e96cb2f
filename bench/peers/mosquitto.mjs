/** A fresh mosquitto: `{ url, tlsUrl?, … }`. */

import { startBroker } from '../broker.mjs'
import { handIn, takeJob } from '../work.mjs'

const { config } = await takeJob()
const { url } = await startBroker(config)
handIn({ url })
