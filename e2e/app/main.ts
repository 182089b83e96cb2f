/**
 * An application as somebody writes it who installed emqtt: it proves its password, says hello to itself at each QoS,
 * and shows what came.
 */

import { connect, isMqttError, type QoS } from 'emqtt'
import { scram } from 'emqtt/scram'
import { indexedDbStore } from 'emqtt/store/indexeddb'

const output = document.querySelector('output') as HTMLOutputElement
const broker = new URLSearchParams(location.search).get('broker') ?? 'ws://localhost'

try {
  const client = await connect(broker, {
    protocolVersion: 5,
    enhancedAuth: scram('SCRAM-SHA-256', { username: 'ann', password: 'secret' }),
  })
  const hellos = await client.subscribe('hello/+', { qos: 2 })
  for (const qos of [0, 1, 2] satisfies QoS[]) await client.publish(`hello/${qos}`, `Grüße ✓ ${qos}`, { qos })
  const came: string[] = []
  for await (const message of hellos) {
    came.push(`${message.text()} at QoS ${message.qos}`)
    if (came.length === 3) break
  }
  await client.disconnect()
  const store = indexedDbStore('app')
  await store.open()
  await store.close()
  output.textContent = came.sort().join(', ')
} catch (error) {
  output.textContent = isMqttError(error) ? `${error.code}: ${error.message}` : String(error)
}
