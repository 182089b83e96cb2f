/** What tests ask of a page. The inner functions run in it and stand alone: Playwright sends their source. */

import { expect, type Page } from 'playwright/test'
import type { ClientOptions, Message, MqttError, ProtocolVersion } from '../../dist/index.js'

/** The page sends a message to itself at QoS 0, 1 and 2, and each has to come as it was sent. */
export async function expectExchange(
  page: Page,
  options: { url: string; protocolVersion: ProtocolVersion },
): Promise<void> {
  const exchanged = await page.evaluate(async (options) => {
    const client = await emqtt.connect({ ...options, reconnect: false })
    const exchanged = []
    for (const qos of [0, 1, 2] as const) {
      const topic = `exchange/${client.clientId}/${qos}`
      let arrive: (message: Message) => void = () => {}
      const arrived = new Promise<Message>((resolve) => {
        arrive = resolve
      })
      const { reasonCodes: granted } = await client.subscribe(topic, { qos }, (message) => arrive(message))
      const { reasonCode, packetId } = await client.publish(topic, `Grüße ✓ ${qos}`, { qos })
      const message = await arrived
      exchanged.push({
        text: message.text(),
        qos: message.qos,
        sameTopic: message.topic === topic,
        granted,
        reasonCode,
        numbered: packetId !== undefined,
      })
    }
    await client.disconnect()
    return exchanged
  }, options)
  expect(exchanged).toEqual(
    [0, 1, 2].map((qos) => ({
      text: `Grüße ✓ ${qos}`,
      qos,
      sameTopic: true,
      granted: [qos],
      reasonCode: 0,
      numbered: qos > 0,
    })),
  )
}

export interface Failure extends Partial<Pick<MqttError, 'code' | 'phase' | 'retryable'>> {
  name: string
  message: string
  isConnectError: boolean
}

/** The error with which `connect` rejects in the page. */
export function failureOf(
  page: Page,
  options: Pick<ClientOptions, 'connectTimeout'> & { url: string },
): Promise<Failure> {
  return page.evaluate(async (options) => {
    try {
      const client = await emqtt.connect(options)
      await client.disconnect()
    } catch (error) {
      const { name, message, code, phase, retryable } = error as MqttError
      return { name, message, code, phase, retryable, isConnectError: error instanceof emqtt.ConnectError }
    }
    throw new Error('it connected')
  }, options)
}
