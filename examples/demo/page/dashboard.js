/** The page's use of emqtt: one client, one subscription, one form that publishes. The global `emqtt` is the script tag's. */

import { createPlot, drawSpark, Series } from '/plot.js'

const ROOT = 'demo/greenhouse'
const SENSORS = {
  temperature: { label: 'Temperature', unit: '°C', digits: 1, span: 1.5 },
  humidity: { label: 'Humidity', unit: '%', digits: 1, span: 4 },
  co2: { label: 'CO₂', unit: 'ppm', digits: 0, span: 60 },
  light: { label: 'Light', unit: 'klx', digits: 1, span: 8 },
}

const $ = (id) => document.getElementById(id)
const url = document.querySelector('meta[name=broker]').content

// — The connection ————————————————————————————————————————————————————————————

const client = new emqtt.Client({
  url,
  protocolVersion: 5,
  clientId: `dashboard-${Math.random().toString(16).slice(2, 8)}`,
  // The broker keeps what it owes us while we are away for up to five minutes.
  properties: { sessionExpiryInterval: 300 },
  reconnect: { minDelay: 1000, maxDelay: 8000, retryFirst: true },
})

/** Spans of time without a connection, for the plot. */
const outages = []
let state = 'connecting'
let retryAt = 0

function setState(next, announcement, why = '') {
  const was = state
  state = next
  $('state').dataset.state = next
  $('toggle').textContent = next === 'closed' ? 'Connect' : 'Disconnect'
  $('why').textContent = why
  $('vent').disabled = next !== 'connected'
  $('client-id').textContent = client.clientId
  if ($('announcement').textContent !== announcement) $('announcement').textContent = announcement
  if (next === 'connected') {
    const outage = outages.at(-1)
    if (outage !== undefined) outage.to ??= Date.now()
  } else if (was === 'connected') {
    outages.push({ from: Date.now() })
  }
  showState()
}

/** Called twice a second too: a countdown is for the eye only, a screen reader hears `announcement` once. */
function showState() {
  const seconds = Math.ceil((retryAt - Date.now()) / 1000)
  $('state-text').textContent = {
    connecting: 'Connecting',
    connected: 'Connected',
    waiting: seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting',
    closed: 'Closed',
  }[state]
}

/** What happened; what to do about it follows in the error's next sentences, and is for a console. */
const firstSentence = (error) => error.message.split('. ')[0]

client.on('connect', () => setState('connected', 'Connected'))
client.on('reconnecting', ({ delay, error }) => {
  retryAt = Date.now() + delay
  setState('waiting', 'Connection lost, reconnecting', firstSentence(error))
})
client.on('close', ({ error }) => setState('closed', 'Connection closed', error && firstSentence(error)))
client.on('error', showError)

async function connect() {
  setState('connecting', 'Connecting')
  await client.connect()
  // Later connections find it made: the client keeps its subscriptions.
  if (!client.subscriptions.has('demo/#')) await client.subscribe('demo/#', { qos: 2 }, onMessage)
}

$('toggle').addEventListener('click', () => (state === 'closed' ? connect().catch(() => {}) : client.disconnect()))
$('broker').textContent = url

// — Messages in ———————————————————————————————————————————————————————————————

/** Text as it can be shown: a payload is any bytes, sent by anybody. It only ever becomes a text node. */
function asText(message) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(message.payload)
    return text.length > 300 ? `${text.slice(0, 300)}… (${message.payload.length} bytes)` : text
  } catch {
    return `${message.payload.length} bytes`
  }
}

function onMessage(message) {
  const [name, detail] = message.topic.startsWith(`${ROOT}/`) ? message.topic.slice(ROOT.length + 1).split('/') : []
  const tile = tiles.get(name)
  if (tile !== undefined && detail === undefined) onReading(tile, message)
  if (tile !== undefined && detail === 'state') tile.showState(asText(message))
  if (name === 'vent' && detail === undefined) onVent(message)
  log(message, tile !== undefined && detail === undefined)
}

function onReading(tile, message) {
  let reading
  try {
    reading = message.json()
  } catch {
    return // Anybody may publish anything here; the log shows it.
  }
  const { value, time = Date.now() } = reading ?? {}
  if (Number.isFinite(value) && Number.isFinite(time) && Math.abs(Date.now() - time) < 3_600_000)
    tile.add(time, value, message.qos)
}

// — Tiles and plot ————————————————————————————————————————————————————————————

const marks = []
const plot = createPlot($('plot'), {
  bands: outages,
  marks,
  onPoint: (text) => {
    $('plot-readout').textContent = text ?? ''
  },
})

function createTile(name) {
  const series = new Series(SENSORS[name])
  const tile = $('tile').content.cloneNode(true).firstElementChild
  const part = (selector) => tile.querySelector(selector)
  const input = part('input')

  input.value = name
  input.setAttribute('aria-label', series.label)
  part('.name').textContent = series.label
  part('small').textContent = series.unit
  input.addEventListener('change', () => select(series))
  $('tiles').append(tile)

  return {
    series,
    input,
    add(time, value, qos) {
      series.add(time, value)
      part('.number').textContent = series.format(series.points.at(-1).value)
      drawSpark(part('.spark'), series)
      part('.note').textContent = `QoS ${qos}`
      tile.classList.remove('offline') // A reading proves life, too.
    },
    showState(text) {
      tile.classList.toggle('offline', text !== 'online')
      if (text !== 'online') part('.note').textContent = 'offline'
    },
  }
}

function select(series) {
  $('plot-title').textContent = series.label
  plot.show(series)
}

const tiles = new Map(Object.keys(SENSORS).map((name) => [name, createTile(name)]))
tiles.get('temperature').input.checked = true
select(tiles.get('temperature').series)

// — The vent: shows what the broker says, never what we hope ——————————————————————

function onVent(message) {
  const open = message.text() === 'open'
  if (!message.retain && open !== ($('vent').getAttribute('aria-checked') === 'true')) {
    marks.push({ time: Date.now(), text: open ? 'vent opened' : 'vent closed' })
  }
  $('vent').setAttribute('aria-checked', open)
  $('vent-state').textContent = open ? 'open' : 'closed'
}

$('vent').addEventListener('click', () => {
  const open = $('vent').getAttribute('aria-checked') === 'true'
  client.publish(`${ROOT}/vent/set`, open ? 'closed' : 'open', { qos: 2 }).catch(showError)
})

// — The form ——————————————————————————————————————————————————————————————————

const hex = (code) => `0x${code.toString(16).padStart(2, '0').toUpperCase()}`
const REASONS = { 0: 'Success', 16: 'No matching subscribers' }

function showResult(text, failed = false) {
  $('result').textContent = text
  $('result').classList.toggle('failed', failed)
}

function showError(error) {
  showResult(error.message, true)
}

$('publish').addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  const qos = Number(form.get('qos'))
  const started = performance.now()
  showResult(state === 'connected' ? 'Publishing…' : 'Kept until the connection is back…')
  try {
    const answer = await client.publish(form.get('topic'), form.get('payload'), { qos, retain: form.has('retain') })
    const took = `${Math.round(performance.now() - started)} ms`
    if (qos === 0) return showResult(`Sent in ${took}. QoS 0 is not acknowledged.`)
    const { packetId, reasonCode = 0 } = answer
    showResult(`Packet id ${packetId} · ${hex(reasonCode)} ${REASONS[reasonCode] ?? ''} · ${took}`)
  } catch (error) {
    showError(error)
  }
})

// — The log ———————————————————————————————————————————————————————————————————

const LOG_LENGTH = 150
let paused = false
let recent = []

function log(message, isReading) {
  recent.push(Date.now())
  if (paused) return
  const entry = document.createElement('li')
  entry.classList.toggle('reading', isReading)
  const parts = {
    time: new Date().toLocaleTimeString(undefined, { hourCycle: 'h23' }),
    topic: message.topic,
    payload: asText(message),
    flags: `QoS ${message.qos}${message.retain ? ' · retained' : ''}`,
  }
  for (const [name, text] of Object.entries(parts)) {
    const part = document.createElement('bdi') // Keeps a peer's right-to-left text from turning its neighbours round.
    part.className = name
    part.textContent = text
    entry.append(part)
  }
  $('log').prepend(entry)
  while ($('log').children.length > LOG_LENGTH) $('log').lastElementChild.remove()
}

$('pause').addEventListener('click', () => {
  paused = !paused
  $('pause').textContent = paused ? 'Resume' : 'Pause'
})
$('clear').addEventListener('click', () => $('log').replaceChildren())
$('readings').addEventListener('change', (event) => $('log').classList.toggle('quiet', !event.target.checked))

// — Time passes ———————————————————————————————————————————————————————————————

setInterval(() => {
  showState()
  recent = recent.filter((time) => time > Date.now() - 5000)
  $('rate').textContent = `${(recent.length / 5).toFixed(1)} per second`
}, 500)

const calm = matchMedia('(prefers-reduced-motion: reduce)')
let drawn = 0
requestAnimationFrame(function frame(now) {
  if (now - drawn > (calm.matches ? 1000 : 30)) {
    plot.draw()
    drawn = now
  }
  requestAnimationFrame(frame)
})

// — Off we go —————————————————————————————————————————————————————————————————

connect().catch(() => {}) // The event `close` tells why.
