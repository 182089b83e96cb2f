/** `emqtt pub`: one message, the same one several times, or one for each line of stdin. */

import { announce } from './announce.js'
import { type Parsed, parse } from './args.js'
import { wrongUsage } from './failure.js'
import { readNamedFile } from './local.js'
import { run } from './session.js'
import { isPiped, readAll, readLines } from './stdin.js'
import { publishAll } from './stream.js'

type Arguments = Parsed<'pub'>['values']
type Payload = string | Uint8Array
type Payloads = Iterable<Payload> | AsyncIterable<Payload>

/** Messages under way at once, unless the server or `--max-inflight` wants fewer: a broker far away is kept busy. */
const UNDER_WAY = 256

export async function pub(argv: readonly string[]): Promise<void> {
  const parsed = parse('pub', argv)
  if (parsed === undefined) return
  const { values, options } = parsed
  const payloads = sourceOf(values)
  await run({
    options,
    logLevel: values.logLevel,
    timeout: values.timeout,
    work: async (client, ended) => {
      // Before the connection: a server need not wait for stdin.
      const all = await payloads(ended)
      await client.connect()
      const delivered = await announce(client, values, ended)
      // Each of those with a delay is to be delivered before the delay of the next begins.
      const window = values.repeatDelay > 0 ? 1 : Math.min(values.maxInflight ?? UNDER_WAY, client.info.maxInflight)
      const { topic, qos, retain } = values
      await publishAll(all, window, (payload) => client.publish(topic, payload, { qos, retain }).then(delivered))
    },
  })
}

/** Where the payloads come from; whatever is wrong with it is known before anything is read or sent. */
function sourceOf({ payload, file, lines, repeat, repeatDelay }: Arguments): (ended: AbortSignal) => Promise<Payloads> {
  const given = Object.entries({ '--payload': payload, '--file': file, '--lines': lines || undefined })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (given.length > 1) throw wrongUsage(`${given.join(' and ')} exclude each other`)
  if (lines) {
    if (repeat > 1 || repeatDelay > 0) throw wrongUsage('--lines and --repeat exclude each other')
    return async (ended) => readLines(ended)
  }
  if (given.length === 0 && !isPiped()) {
    throw wrongUsage('no message: give --payload <payload> or --file <file>, or pipe it into stdin')
  }
  const repeated = async (payload: Payload, ended: AbortSignal): Promise<Payloads> =>
    repeatedly(payload, repeat, repeatDelay, ended)
  if (file !== undefined) {
    const content = readNamedFile('--file', file)
    return (ended) => repeated(content, ended)
  }
  if (payload !== undefined && payload !== '-') return (ended) => repeated(payload, ended)
  return async (ended) => repeated(await readAll(ended), ended)
}

async function* repeatedly(
  payload: Payload,
  count: number,
  delay: number,
  ended: AbortSignal,
): AsyncGenerator<Payload> {
  for (let sent = 0; sent < count && !ended.aborted; sent++) {
    if (sent > 0 && delay > 0) await wait(delay * 1000, ended)
    yield payload
  }
}

/** Once `ended`, the timer no longer keeps the process. */
function wait(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const forget = (): void => clearTimeout(timer)
    const timer = setTimeout(() => {
      ended.removeEventListener('abort', forget)
      resolve()
    }, ms)
    ended.addEventListener('abort', forget)
  })
}
