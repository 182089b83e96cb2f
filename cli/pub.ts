/** `emqtt pub`: one message, or the same one several times, each delivered before the next is published. */

import type { Client } from '../platform/node/index.js'
import { type Parsed, parse } from './args.js'
import { wrongUsage } from './failure.js'
import { readNamedFile } from './local.js'
import { say } from './output.js'
import { run } from './session.js'

type Arguments = Parsed<'pub'>['values']

export async function pub(argv: readonly string[]): Promise<void> {
  const parsed = parse('pub', argv)
  if (parsed === undefined) return
  const { values, options } = parsed
  const payload = payloadOf(values)
  await run({ options, logLevel: values.logLevel, work: (client, ended) => publish(client, values, payload, ended) })
}

function payloadOf({ payload, file }: Arguments): string | Uint8Array {
  if (payload !== undefined && file !== undefined) throw wrongUsage('--payload and --file exclude each other')
  if (payload !== undefined) return payload
  if (file !== undefined) return readNamedFile('--file', file)
  throw wrongUsage('--payload <payload> or --file <file> is required')
}

async function publish(
  client: Client,
  values: Arguments,
  payload: string | Uint8Array,
  ended: AbortSignal,
): Promise<void> {
  const { topic, qos, retain, repeat, repeatDelay } = values
  client.on('packetsend', (packet) => {
    if (packet.type !== 'publish') return
    // The packet may bear an alias in place of its topic.
    say(
      `Client ${client.clientId} sent PUBLISH (Q${packet.qos}, R${Number(packet.retain)}, D${Number(packet.dup)}, ` +
        `Topic=${topic}, Payload=...(${packet.payload.length} bytes))`,
    )
  })
  await client.connect()
  for (let count = 0; count < repeat; count++) {
    if (count > 0 && repeatDelay > 0) await wait(repeatDelay * 1000, ended)
    await client.publish(topic, payload, { qos, retain })
  }
}

/** Once `ended`, the timer no longer keeps the process. */
function wait(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    ended.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}
