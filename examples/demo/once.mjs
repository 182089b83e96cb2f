/** The proof behind `npm start -- --once`: Node and the command line reach each other through the embedded broker. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connect } from 'emqtt'
import { startBroker } from './broker.mjs'

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PATIENCE = 15_000

const children = new Set()

/** Starts `emqtt` and collects what it prints. */
function emqtt(...args) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] += text
      child.emit('said')
    })
  }
  children.add(child)
  return { child, said, closed: once(child, 'close') }
}

/** Resolves once `child` has printed `text`; rejects if it ends without. */
async function hasSaid({ child, said, closed }, stream, text) {
  let ended = false
  closed.then(() => {
    ended = true
    child.emit('said')
  })
  while (!said[stream].includes(text)) {
    if (ended) throw new Error(`emqtt ended without saying "${text}". It said: ${said.stderr || 'nothing'}`)
    await once(child, 'said')
  }
}

/** The promise, or an error that says what did not happen in time. */
function within(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${PATIENCE / 1000} s.`)), PATIENCE)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

async function fromShellToNode(broker) {
  const client = await connect(broker.url, { protocolVersion: 5, reconnect: false })
  const messages = await client.subscribe('demo/to-node', { qos: 2 })
  const args = ['-t', 'demo/to-node', '--payload', 'hello from the shell', '-q', '2']
  const pub = emqtt('pub', '-h', '127.0.0.1', '-p', broker.ports.webSocket, '--enable-websocket', ...args)
  const [code] = await pub.closed
  if (code !== 0) throw new Error(`emqtt pub ended with ${code}: ${pub.said.stderr}`)
  const { value: message } = await messages[Symbol.asyncIterator]().next()
  if (message.text() !== 'hello from the shell' || message.qos !== 2) {
    throw new Error(`Node received "${message.text()}" at QoS ${message.qos} instead of what emqtt pub sent.`)
  }
  await client.disconnect()
}

async function fromNodeToShell(broker) {
  const sub = emqtt('sub', '-h', '127.0.0.1', '-p', broker.ports.tcp, '-t', 'demo/to-shell', '-q', '2')
  await hasSaid(sub, 'stderr', 'subscribed to demo/to-shell')
  const client = await connect(broker.webSocketUrl, { protocolVersion: 5, reconnect: false })
  await client.publish('demo/to-shell', 'hello from Node', { qos: 2 })
  await hasSaid(sub, 'stdout', 'hello from Node\n')
  await client.disconnect()
  sub.child.kill('SIGINT')
  await sub.closed
}

/** Prints what it proved; rejects with a sentence, in less than a minute, if it cannot. */
export async function proveRoundTrip() {
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL')
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

  const broker = await startBroker()
  try {
    await within(fromShellToNode(broker), 'The message from `emqtt pub` to Node')
    console.log('emqtt pub → WebSocket → broker → TCP → Node       QoS 2, MQTT 5.0: received')
    await within(fromNodeToShell(broker), 'The message from Node to `emqtt sub`')
    console.log('Node → WebSocket → broker → TCP → emqtt sub       QoS 2, MQTT 5.0: received')
  } catch (error) {
    console.error(`npm start -- --once failed: ${error.message}`)
    process.exit(1) // Whatever still waits has nothing to wait for.
  }
  await broker.stop()
}
