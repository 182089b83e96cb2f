/**
 * A greenhouse: four sensors and a vent, each an MQTT client of its own with the QoS that suits it.
 *
 *   demo/greenhouse/temperature         readings, {"value": 24.1, "unit": "°C", "time": 1760000000000}
 *   demo/greenhouse/temperature/state   `online` or `offline`, retained, kept true by a Will
 *   demo/greenhouse/vent                `open` or `closed`, retained
 *   demo/greenhouse/vent/set            say `open` or `closed` here, and the readings follow
 */

import { Client } from 'emqtt'

const ROOT = 'demo/greenhouse'

/** `settle(ventOpen)` is where the value drifts to, within `inertia` seconds; `noise` is its jitter. */
const SENSORS = [
  {
    name: 'temperature',
    unit: '°C',
    qos: 1,
    every: 1000,
    digits: 2,
    start: 25.2,
    inertia: 35,
    noise: 0.06,
    settle: (open) => (open ? 20.5 : 27.5),
  },
  {
    name: 'humidity',
    unit: '%',
    qos: 1,
    every: 2000,
    digits: 1,
    start: 66,
    inertia: 45,
    noise: 0.35,
    settle: (open) => (open ? 52 : 74),
  },
  {
    name: 'co2',
    unit: 'ppm',
    qos: 2,
    every: 2000,
    digits: 0,
    start: 640,
    inertia: 25,
    noise: 5,
    settle: (open) => (open ? 430 : 820),
  },
  {
    name: 'light',
    unit: 'klx',
    qos: 0,
    every: 1000,
    digits: 1,
    start: 32,
    inertia: 4,
    noise: 0.5,
    settle: () => 34 + 9 * Math.sin(Date.now() / 17_000) + 5 * Math.sin(Date.now() / 5_300),
  },
]

/** A client that says `online` whenever it is connected, and lets the broker say `offline` when it vanishes. */
async function startDevice(url, name, subscribe) {
  const state = `${ROOT}/${name}/state`
  const client = new Client({
    url,
    protocolVersion: 5,
    clientId: `greenhouse-${name}`,
    reconnect: { maxDelay: 5000 },
    properties: { sessionExpiryInterval: 300 },
    will: { topic: state, payload: 'offline', qos: 1, retain: true },
  })
  const announce = (text) => client.publish(state, text, { qos: 1, retain: true })

  client.on('connect', () => announce('online').catch(() => {}))
  await client.connect()
  await subscribe?.(client)
  return {
    client,
    async stop() {
      if (client.status === 'connected') await announce('offline')
      await client.stop()
    },
  }
}

/** Starts all of them; `stop()` says goodbye for each. */
export async function startSensors(url) {
  let ventOpen = false
  const devices = []
  const timers = []

  const showVent = (client) => client.publish(`${ROOT}/vent`, ventOpen ? 'open' : 'closed', { qos: 1, retain: true })

  devices.push(
    await startDevice(url, 'vent', async (client) => {
      await client.subscribe(`${ROOT}/vent/set`, { qos: 2 }, async (message) => {
        const wish = message.text()
        if (wish !== 'open' && wish !== 'closed') return
        ventOpen = wish === 'open'
        await showVent(client)
      })
      await showVent(client)
    }),
  )

  for (const { name, unit, qos, every, digits, start, inertia, noise, settle } of SENSORS) {
    const device = await startDevice(url, name)
    let value = start
    const measure = () => {
      value += (settle(ventOpen) - value) * (1 - Math.exp(-every / 1000 / inertia))
      const reading = {
        value: Number((value + (Math.random() - 0.5) * 2 * noise).toFixed(digits)),
        unit,
        time: Date.now(),
      }
      // While the broker is away, readings wait in the client and arrive later; the page puts them where they belong.
      device.client.publish(`${ROOT}/${name}`, JSON.stringify(reading), { qos }).catch(() => {})
    }
    devices.push(device)
    timers.push(setInterval(measure, every))
    measure()
  }

  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.allSettled(devices.map((device) => device.stop()))
    },
  }
}
