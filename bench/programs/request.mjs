/**
 * The time from a request of QoS 1 to its answer of QoS 1, one after the other, in 5.0 with Response Topic and Correlation
 * Data. Who answers is another of the same client, in this process or in one of its own.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { check, handIn, quantile, takeJob } from '../work.mjs'

const REQUESTS = 'bench/request'
const RESPONSES = 'bench/response'

const job = await takeJob()
/** `times`: fewer where each takes long. */
const { times: count = 4_000 } = job
const warmUp = Math.min(1_000, count)
const {
  connect,
  connectRequester = askWith,
  connectResponder = answerWith,
} = await import(`../clients/${job.client}.mjs`)
if (job.responds) {
  await connectResponder(job)
  handIn({})
} else {
  handIn(await measure())
}

async function measure() {
  const responder = job.apart ? await startResponder() : await connectResponder(job)
  const { ask, close } = await connectRequester(job)
  const times = []
  for (let number = 0; number < warmUp + count; number++) {
    const began = performance.now()
    const { payload, correlation, qos } = await ask(number)
    if (number >= warmUp) times.push(performance.now() - began)
    const right = correlation.readUInt32BE(0) === number && `${payload}` === `question ${number}` && qos === 1
    check(right, `asked ${number} at QoS 1, and was answered "${payload}" at QoS ${qos}`)
  }
  await close()
  await responder.close()
  return { p50: quantile(times, 0.5) * 1_000, p99: quantile(times, 0.99) * 1_000 }
}

async function startResponder() {
  const child = fork(fileURLToPath(import.meta.url))
  child.send({ ...job, responds: true })
  await once(child, 'message')
  return {
    async close() {
      const closed = once(child, 'exit')
      child.disconnect()
      await closed
    },
  }
}

async function askWith() {
  const client = await connect(job)
  let answered = () => {}
  await client.subscribe(RESPONSES, 1, (payload, { qos, properties }) =>
    answered({ payload: Buffer.from(payload), correlation: Buffer.from(properties.correlationData), qos }),
  )
  return {
    ask: (number) =>
      new Promise((resolve) => {
        answered = resolve
        const correlationData = Buffer.alloc(4)
        correlationData.writeUInt32BE(number)
        const properties = { responseTopic: RESPONSES, correlationData }
        client.publish(REQUESTS, `question ${number}`, { qos: 1, properties })
      }),
    close: client.close,
  }
}

async function answerWith() {
  const client = await connect(job)
  await client.subscribe(REQUESTS, 1, (payload, { properties: { responseTopic, correlationData } }) => {
    client.publish(responseTopic, payload, { qos: 1, properties: { correlationData } })
  })
  return client
}
