/** `emqtt sub`: what arrives goes to stdout until somebody has had enough. */

import type { Client, Message } from '../platform/node/index.js'
import { type Parsed, parse } from './args.js'
import { Failure, wrongUsage } from './failure.js'
import { formatter } from './format.js'
import { PayloadWriter, say } from './output.js'
import { run } from './session.js'

type Arguments = Parsed<'sub'>['values']

export async function sub(argv: readonly string[]): Promise<void> {
  const parsed = parse('sub', argv)
  if (parsed === undefined) return
  const { values, options } = parsed
  if (values.protocolVersion !== 5 && (values.retainAsPublish || values.retainHandling !== 0)) {
    throw wrongUsage('--retain-as-publish and --retain-handling need MQTT v5')
  }
  const format = formatter(values, process.stdout.isTTY)
  const output = new PayloadWriter()
  await run({
    // Each message is acknowledged when it is printed, and those beyond --count are not: the server still has them. A
    // reader who is slow has the network wait, also at QoS 0: a pipe could not see the gap.
    options: { ...options, autoAck: false, backlog: { overflow: 'wait' } },
    logLevel: values.logLevel,
    timeout: values.timeout,
    work: async (client) => {
      const enough = counted(client, values.count)
      await subscribe(client, values, async (message) => {
        if (!enough.take(message)) return
        await output.write(format(message))
        enough.printed(message)
      })
      if (values.count !== undefined) await Promise.race([enough.reached, output.closed])
    },
    ...(values.count === undefined && { stay: output.closed }),
  })
}

async function subscribe(client: Client, values: Arguments, handler: (message: Message) => unknown): Promise<void> {
  const { topic: filters, qos, retainAsPublish, retainHandling } = values
  await client.connect()
  const { reasonCodes } = await client.subscribe(
    // A lone one that is refused makes an error that tells why.
    filters.length === 1 ? filters[0]! : filters,
    { qos, retainAsPublished: retainAsPublish, retainHandling },
    handler,
  )
  // Of several filters some may be refused. To carry on with the rest would look like success.
  filters.forEach((filter, index) => {
    const code = reasonCodes[index]!
    if (code >= 0x80) throw new Failure(`the server refused the subscription to ${filter} (0x${code.toString(16)})`, 1)
    say(`Client ${client.clientId} subscribed to ${filter}`)
  })
}

interface Counted {
  /** Whether this one is wanted. */
  take(message: Message): boolean
  /** Acknowledges it. */
  printed(message: Message): void
  /** Resolves when all that are wanted were printed, and nothing is left to say about them. */
  readonly reached: Promise<void>
}

function counted(client: Client, count = Infinity): Counted {
  let wanted = count
  let unprinted = count
  /** Packet Identifiers of QoS 2 of which PUBREC was sent and PUBCOMP was not. */
  const halfWay = new Set<number>()
  let onProgress: () => void = () => {}
  const reached = new Promise<void>((resolve) => {
    onProgress = () => {
      if (unprinted === 0 && halfWay.size === 0) resolve()
    }
  })
  if (count !== Infinity) {
    client.on('packetsend', (packet) => {
      if (packet.type === 'pubcomp' && halfWay.delete(packet.packetId)) onProgress()
    })
  }
  return {
    reached,
    take: () => wanted > 0 && wanted-- > 0,
    printed(message) {
      if (message.qos === 2 && count !== Infinity) halfWay.add(message.packetId!)
      message.ack()
      unprinted--
      onProgress()
    },
  }
}
