/** `npm start`: a broker, a greenhouse of simulated sensors and a live page. `npm start -- --once` only proves a round trip. */

import { createInterface } from 'node:readline'
import { ensureBuilt, ensureDependencies } from '../../test/support/setup.mjs'

const once = process.argv.includes('--once')

// Until the set-up is done there may be no package and no build to import, hence import().
try {
  await ensureDependencies()
  if ((await ensureBuilt()) !== undefined) console.log('Built dist.')
  if (once) await (await import('./once.mjs')).proveRoundTrip()
  else await demo()
} catch (error) {
  console.error(`npm start failed: ${error.message}`)
  process.exit(1)
}

async function demo() {
  const [{ startBroker }, { startSensors }, { startWeb }] = await Promise.all([
    import('./broker.mjs'),
    import('./sensors.mjs'),
    import('./web.mjs'),
  ])
  const broker = await startBroker({ tcpPort: 1883, webSocketPort: 8083 })
  const sensors = await startSensors(broker.url)
  const web = await startWeb({ port: 8080, broker })

  console.log(`
  Dashboard   ${web.url}
  Broker      ${broker.url}   ${broker.webSocketUrl}

  To try in another terminal:

    npx emqtt sub -p ${broker.ports.tcp} -t "demo/#"
    npx emqtt pub -p ${broker.ports.tcp} -t demo/greenhouse/vent/set --payload open -q 2
    node dist/cli/main.js sub -p ${broker.ports.webSocket} --enable-websocket -t "demo/greenhouse/+/state"
`)
  const taken = [
    [1883, broker.ports.tcp],
    [8083, broker.ports.webSocket],
    [8080, web.port],
  ].filter(([wanted, got]) => wanted !== got)
  if (taken.length > 0) console.log(`  (In use, so replaced: port ${taken.map(([wanted]) => wanted).join(', ')}.)\n`)

  const keys = process.stdin.isTTY ? createInterface({ input: process.stdin }) : undefined
  let cut = false
  keys?.on('line', async (line) => {
    if (line.trim() !== 'b') return
    cut = !cut
    await (cut ? broker.cut() : broker.mend())
    console.log(cut ? '  The broker is away. b, Enter: bring it back.' : '  The broker is back.')
  })
  console.log(`  ${keys ? 'b, Enter: take the broker away and watch. ' : ''}Ctrl-C: end.`)

  let stopping = false
  async function stop() {
    if (stopping) process.exit(130) // Asked twice: at once, then.
    stopping = true
    keys?.close()
    await sensors.stop()
    await web.stop()
    await broker.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
}
