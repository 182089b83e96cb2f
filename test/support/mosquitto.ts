/** A real mosquitto on loopback, with every kind of listener, that tests can stop, kill and start again. */

import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type Certificates, certificates } from './certificates.js'
import { freePorts } from './ports.js'
import { makeFolder, type RunningProgram, startProgram } from './program.js'
import { findMosquitto } from './setup.mjs'

export interface MosquittoOptions {
  /** Keeps sessions and retained messages over `stop` and `start`; `kill` loses what came since. Default false. */
  persistence?: boolean
  /** User names and passwords; with them, nobody else may connect. */
  passwords?: Record<string, string>
  /** A further TLS listener, `urls.mtls`, that asks for a client certificate of our CA. Default false. */
  mtls?: boolean
  /** Further lines of mosquitto.conf, before the listeners. */
  config?: readonly string[]
}

export interface Mosquitto {
  readonly urls: {
    readonly mqtt: string
    readonly mqtts: string
    readonly ws: string
    readonly wss: string
    readonly mtls: string
  }
  readonly ports: {
    readonly mqtt: number
    readonly mqtts: number
    readonly ws: number
    readonly wss: number
    readonly mtls: number
  }
  /** PEM of the CA that signed the server's certificate: `tls: { ca: broker.ca }`. */
  readonly ca: string
  readonly certificates: Certificates
  /** What mosquitto printed, over all of its runs. */
  readonly log: string
  /** SIGTERM, and waits for the end. Sessions are saved when `persistence` is on. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** Again, on the same ports. */
  start(): Promise<void>
  /** Stops it and removes its files. */
  [Symbol.asyncDispose](): Promise<void>
}

const LISTENERS = ['mqtt', 'mqtts', 'ws', 'wss', 'mtls'] as const
type Listener = (typeof LISTENERS)[number]

/** How long mosquitto may take to listen, and to end, ms. It takes 100. */
const PATIENCE = 10_000

/** Starts mosquitto, or fails with its log. `await using broker = await startMosquitto()` stops it at the end of a test. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const program = findMosquitto()
  if (program === undefined)
    throw new Error('mosquitto is not installed: apt-get install mosquitto, or brew install mosquitto')
  const made = await certificates()
  const { folder: directory, remove } = makeFolder('mosquitto')
  const used = LISTENERS.filter((name) => name !== 'mtls' || options.mtls === true)
  const config = join(directory, 'mosquitto.conf')

  let ports = {} as Record<Listener, number>
  let running: RunningProgram | undefined
  let log = ''

  const start = async (): Promise<void> => {
    if (running?.ended === false) throw new Error('mosquitto runs already')
    running = await startProgram({
      command: program,
      args: ['-c', config],
      ports: used.map((name) => ports[name]),
      patience: PATIENCE,
      heard: (text) => {
        log += text
      },
    })
  }

  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => running?.end(signal)

  // Another process can take a port between our look at it and mosquitto's start.
  for (let attempt = 1; ; attempt++) {
    const free = await freePorts(LISTENERS.length)
    ports = Object.fromEntries(LISTENERS.map((name, at) => [name, free[at]])) as Record<Listener, number>
    writeFileSync(config, configuration(options, used, ports, made, directory))
    try {
      await start()
      break
    } catch (error) {
      if (attempt < 3 && /in use/i.test(String(error))) continue
      remove()
      throw error
    }
  }

  return {
    urls: {
      mqtt: `mqtt://127.0.0.1:${ports.mqtt}`,
      mqtts: `mqtts://127.0.0.1:${ports.mqtts}`,
      ws: `ws://127.0.0.1:${ports.ws}/mqtt`,
      wss: `wss://127.0.0.1:${ports.wss}/mqtt`,
      mtls: `mqtts://127.0.0.1:${ports.mtls}`,
    },
    ports,
    ca: made.ca.cert,
    certificates: made,
    get log() {
      return log
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start,
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
      remove()
    },
  }
}

function configuration(
  options: MosquittoOptions,
  used: readonly Listener[],
  ports: Record<Listener, number>,
  { ca, server }: Certificates,
  directory: string,
): string {
  const lines = [
    'log_dest stdout',
    'log_type error',
    'log_type warning',
    'log_type notice',
    'log_type information',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'set_tcp_nodelay true',
    'sys_interval 0',
    // Started by root, it would become the user "mosquitto", who may read none of our files.
    ...(userInfo().uid === 0 ? ['user root'] : []),
    ...(options.persistence === true
      ? ['persistence true', `persistence_location ${directory}/`]
      : ['persistence false']),
    ...(options.passwords === undefined ? ['allow_anonymous true'] : passwordLines(options.passwords, directory)),
    ...(options.config ?? []),
  ]
  for (const name of used) {
    lines.push(`listener ${ports[name]} 127.0.0.1`)
    if (name === 'ws' || name === 'wss') lines.push('protocol websockets')
    if (name === 'mqtts' || name === 'wss' || name === 'mtls') {
      lines.push(`cafile ${ca.certFile}`, `certfile ${server.certFile}`, `keyfile ${server.keyFile}`)
    }
    if (name === 'mtls') lines.push('require_certificate true')
  }
  return `${lines.join('\n')}\n`
}

/** The file that `mosquitto_passwd` writes, without needing it: $7$, PBKDF2 with SHA-512. */
function passwordLines(passwords: Record<string, string>, directory: string): string[] {
  const file = join(directory, 'passwords')
  const entries = Object.entries(passwords).map(([name, password]) => {
    const salt = randomBytes(12)
    const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512')
    return `${name}:$7$101$${salt.toString('base64')}$${hash.toString('base64')}\n`
  })
  writeFileSync(file, entries.join(''), { mode: 0o600 })
  return ['allow_anonymous false', `password_file ${file}`]
}
