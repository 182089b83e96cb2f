/** `emqtt connect`: connects and stays, to see whether and for how long a server lets one in. */

import { parse } from './args.js'
import { run } from './session.js'

export async function connect(argv: readonly string[]): Promise<void> {
  const parsed = parse('connect', argv)
  if (parsed === undefined) return
  const { values, options } = parsed
  await run({
    options,
    logLevel: values.logLevel,
    timeout: values.timeout,
    work: async (client) => {
      await client.connect()
    },
    stay: new Promise(() => {}),
  })
}
