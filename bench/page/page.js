/**
 * What is measured in a page: `measure(job)`. Each client is asked the same: to publish so many messages and to say when the
 * last is acknowledged, or to call a function with each payload that comes.
 */

const TOPIC = 'bench/topic'
/** Messages that are published in one turn. */
const BURST = 2_000
/** ms of warming up, and of measuring. */
const WARM_UP = 400
const MEASURED = 1_000

const CLIENTS = {
  async emqtt(url) {
    const client = await globalThis.emqtt.connect(url, { protocolVersion: 4, keepAlive: 0 })
    return {
      publish: (payload, qos) => client.publish(TOPIC, payload, { qos }),
      subscribe: (qos, received) => client.subscribe(TOPIC, { qos }, (message) => received(message.payload)),
    }
  },

  async 'MQTT.js'(url) {
    const client = await globalThis.mqtt.connectAsync(url, { protocolVersion: 4, keepalive: 0, reconnectPeriod: 0 })
    return {
      publish: (payload, qos) =>
        new Promise((done, fail) => client.publish(TOPIC, payload, { qos }, (error) => (error ? fail(error) : done()))),
      async subscribe(qos, received) {
        client.on('message', (_topic, payload) => received(payload))
        await client.subscribeAsync(TOPIC, { qos })
      },
    }
  },

  async 'paho-mqtt'(url) {
    const { Client, Message } = globalThis.Paho
    const client = new Client(url, 'bench')
    await new Promise((onSuccess, onFailure) => client.connect({ onSuccess, onFailure, keepAliveInterval: 600 }))
    // It tells of them in their order.
    let waiting = []
    let told = 0
    client.onMessageDelivered = () => {
      waiting[told++]()
      if (told === waiting.length) [waiting, told] = [[], 0]
    }
    return {
      publish(payload, qos) {
        const message = new Message(payload)
        message.destinationName = TOPIC
        message.qos = qos
        const delivered = new Promise((done) => waiting.push(done))
        client.send(message)
        return delivered
      },
      subscribe(qos, received) {
        client.onMessageArrived = (message) => received(message.payloadBytes)
        return new Promise((onSuccess, onFailure) => client.subscribe(TOPIC, { qos, onSuccess, onFailure }))
      },
    }
  },

  limit: (url, job) => globalThis.connectBare(url, job, { topic: TOPIC, burst: BURST }),
}

globalThis.measure = async (job) => {
  const client = await CLIENTS[job.client](`ws://${location.host}/mqtt`, job)
  return job.direction === 'publish' ? measurePublish(client, job) : measureReceive(client, job)
}

/** Bursts, one after the other: the last message of each is of QoS 1, and its PUBACK says that all of them are there. */
async function measurePublish(client, { qos, size }) {
  const payload = new Uint8Array(size).fill(0x61)
  let published = 0
  const burst = async () => {
    published += BURST
    if (client.burst) return client.burst()
    for (let each = 1; each < BURST; each++) void client.publish(payload, qos)
    await client.publish(payload, 1)
  }
  const passFor = async (ms) => {
    const [begin, before] = [performance.now(), published]
    while (performance.now() - begin < ms) await burst()
    return (1_000 * (published - before)) / (performance.now() - begin)
  }
  await passFor(WARM_UP)
  const rate = await passFor(MEASURED)
  return { rate, published }
}

/** What comes in a second; then the server stops, and all that it has sent must come. */
async function measureReceive(client, { qos, size }) {
  let [received, wrong, arrived] = [0, 0, () => {}]
  await client.subscribe(qos, (payload) => {
    if (payload.length !== size || payload[size - 1] !== 0x61) wrong++
    received++
    arrived()
  })
  await new Promise((resolve) => setTimeout(resolve, WARM_UP))
  const [begin, before] = [performance.now(), received]
  await new Promise((resolve) => setTimeout(resolve, MEASURED))
  const rate = (1_000 * (received - before)) / (performance.now() - begin)
  const sent = Number(await (await fetch('/stop')).text())
  await new Promise((resolve) => {
    arrived = () => received === sent && resolve()
    arrived()
  })
  return { rate, received, wrong }
}
