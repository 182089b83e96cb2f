/** `emqtt sub`: what arrives goes to stdout until somebody has had enough. */

import type { Client } from '../platform/node/index.js'
import { type Parsed, parse } from './args.js'
import { Failure, wrongUsage } from './failure.js'
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
  const payloads = new PayloadWriter()
  await run({
    options,
    logLevel: values.logLevel,
    work: (client) => subscribe(client, values, payloads),
    stay: payloads.closed,
  })
}

async function subscribe(client: Client, values: Arguments, payloads: PayloadWriter): Promise<void> {
  const { topic: filters, qos, retainAsPublish, retainHandling } = values
  const print = printer(values.print)
  await client.connect()
  const { reasonCodes } = await client.subscribe(
    // A lone one that is refused makes an error that tells why.
    filters.length === 1 ? filters[0]! : filters,
    { qos, retainAsPublished: retainAsPublish, retainHandling },
    (message) => payloads.write(print(message.payload)),
  )
  // Of several filters some may be refused. To carry on with the rest would look like success.
  filters.forEach((filter, index) => {
    const code = reasonCodes[index]!
    if (code >= 0x80) throw new Failure(`the server refused the subscription to ${filter} (0x${code.toString(16)})`, 1)
    say(`Client ${client.clientId} subscribed to ${filter}`)
  })
}

function printer(what: Arguments['print']): (payload: Uint8Array) => Uint8Array {
  if (what === 'size') return ({ length }) => Buffer.from(`received ${length} bytes`)
  if (what === 'as-string') return (payload) => Buffer.from(new TextDecoder().decode(payload))
  return (payload) => payload
}
