/** The brokers of the suite, and what each of them lacks. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startEmbeddedBroker } from '../support/embedded-broker.js'
import { startMosquitto } from '../support/mosquitto.js'
import { freePorts } from '../support/ports.js'
import { makeFolder, type Program, type RunningProgram, startProgram } from '../support/program.js'
import type { BrokerKind, Lack, RunningBroker } from './broker.js'

/** How long RabbitMQ, the slowest, may take to listen, ms: it takes 10 s on a busy machine. */
const PATIENCE = 60_000

/** Starts the programs of a broker, one after the other; in the end they go the other way, and then what `remove` removes. */
async function run(
  [mqtt, ws]: readonly [mqtt: number, ws: number],
  remove: () => void,
  ...programs: Omit<Program, 'patience'>[]
): Promise<RunningBroker> {
  const running: RunningProgram[] = []
  const stop = async (): Promise<void> => {
    for (const each of running.reverse()) await each.end('SIGKILL')
    remove()
  }
  try {
    for (const program of programs) running.push(await startProgram({ ...program, patience: PATIENCE }))
  } catch (error) {
    await stop()
    throw error
  }
  const urls = { mqtt: `mqtt://127.0.0.1:${mqtt}`, ws: `ws://127.0.0.1:${ws}/mqtt` }
  return { urls, [Symbol.asyncDispose]: stop }
}

const mosquitto: BrokerKind = {
  name: 'mosquitto',
  origin: '2.0.11, Debian 12',
  versions: [3, 4, 5],
  schemes: ['mqtt', 'mqtts', 'ws', 'wss'],
  lacks: {
    'It says 0x8E to the first of them': {
      seen: 'expected undefined to be 142',
      instead: 'Closes the connection without a word.',
    },
    'The Receive Maximum of a client is kept': {
      seen: 'the connection ended before the answer came',
      instead: 'Sends more after the first acknowledgement; the client then leaves it with 0x93.',
    },
  },
  async start() {
    const broker = await startMosquitto()
    return {
      urls: broker.urls,
      options: { tls: { ca: broker.ca } },
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    }
  },
}

const aedes: BrokerKind = {
  name: 'aedes',
  origin: '2.0.0-beta.1, npm; the broker of `npm start`',
  versions: [3, 4, 5],
  schemes: ['mqtt', 'ws'],
  lacks: {
    'A Client Identifier of 200 characters, not all of them letters and digits': {
      versions: [3],
      seen: 'Identifier rejected',
      instead: 'Takes 23 characters, which is all that 3.1 allows.',
    },
    'Shared subscriptions: each message goes to one of the group': [
      { versions: [4], seen: 'messages of the group: expected []', instead: 'Takes the filter for a plain one.' },
      { seen: 'Shared Subscriptions not supported', instead: 'Says so in CONNACK; the client does not ask then.' },
    ],
    'User Properties, Content Type, Response Topic and Correlation Data arrive as they were sent': {
      seen: 'properties: expected',
      instead: 'Groups them by name, so that the order of all is lost, against [MQTT-3.3.2-18].',
    },
    'Topic aliases are taken from a client': {
      seen: 'Topic Alias Maximum: expected 0',
      instead: 'Its Topic Alias Maximum is 0.',
    },
    'The Receive Maximum of a client is kept': {
      seen: 'the connection ended before the answer came',
      instead: 'Takes no notice; the client leaves it with 0x93.',
    },
    'The Maximum Packet Size of a client is kept': {
      seen: 'the connection ended before the answer came',
      instead: 'Takes no notice; the client leaves it with 0x95.',
    },
    'A publish that nobody gets is answered with 0x10': {
      seen: 'reason code: expected +0 to be 16',
      instead: 'Answers with 0x00.',
    },
  },
  start: () => startEmbeddedBroker(),
}

const ejabberd: BrokerKind = {
  name: 'ejabberd',
  origin: '23.01, Debian 12',
  versions: [4, 5],
  schemes: ['mqtt', 'ws'],
  lacks: {
    'Shared subscriptions: each message goes to one of the group': [
      { versions: [4], seen: 'closed the connection', instead: 'Closes the connection.' },
      { seen: 'Shared Subscriptions not supported', instead: 'Says so in CONNACK; the client does not ask then.' },
    ],
    'The Maximum Packet Size of a client is kept': {
      seen: 'the connection ended before the answer came',
      instead: 'Takes no notice; the client leaves it with 0x95.',
    },
    'Message Expiry Interval: what waited too long does not come, and the rest says what is left': {
      seen: "expected [ 'short', 'long' ]",
      instead: 'Keeps what has expired for a client that is away, and sends it.',
    },
    'UNSUBSCRIBE of what was not subscribed is answered with 0x11': {
      seen: 'reason codes: expected [ +0 ]',
      instead: 'Answers with 0x00.',
    },
  },
  async start() {
    const { folder, remove } = makeFolder('ejabberd')
    const [mqtt, ws] = (await freePorts(2)) as [number, number]
    const config = join(folder, 'ejabberd.yml')
    // JSON is YAML.
    const settings = {
      hosts: ['localhost'],
      loglevel: 'warning',
      listen: [
        { port: mqtt, ip: '127.0.0.1', module: 'mod_mqtt' },
        { port: ws, ip: '127.0.0.1', module: 'ejabberd_http', request_handlers: { '/mqtt': 'mod_mqtt' } },
      ],
      auth_method: ['anonymous'],
      anonymous_protocol: 'both',
      allow_multiple_connections: true,
      modules: { mod_mqtt: {} },
    }
    writeFileSync(config, JSON.stringify(settings))
    const broker = await run([mqtt, ws], remove, {
      // Not by ejabberdctl, which would become another user and keep everything under /var. Without a name the node
      // needs no epmd.
      command: 'erl',
      args: ['-noinput', '-mnesia', 'dir', JSON.stringify(join(folder, 'database')), '-s', 'ejabberd'],
      env: {
        HOME: folder,
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
        ERL_LIBS: `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
      },
      ports: [mqtt, ws],
    })
    // It has nobody without a password, even where any will do.
    return { ...broker, options: { username: 'anyone', password: 'any' } }
  },
}

const GRANTS_QOS_1: Lack = { seen: 'granted: expected [ 1 ] to deeply equal [ 2 ]', instead: 'Grants QoS 1.' }

const WITHOUT_QOS_2 = {
  'QoS 2 over TCP': GRANTS_QOS_1,
  'QoS 2 over WebSocket': GRANTS_QOS_1,
  'A kept session has what came meanwhile, QoS 2': GRANTS_QOS_1,
  'Nothing is lost or doubled when the connection of the writer is cut again and again, QoS 2': GRANTS_QOS_1,
}

const rabbitmq: BrokerKind = {
  name: 'RabbitMQ',
  origin: '3.10.8 with rabbitmq_mqtt and rabbitmq_web_mqtt, Debian 12',
  versions: [3, 4],
  schemes: ['mqtt', 'ws'],
  lacks: {
    ...WITHOUT_QOS_2,
    'A burst of QoS 2 arrives whole and in order': {
      seen: 'expected pubrec',
      instead:
        'Answers a PUBLISH of QoS 2 with PUBACK, against [MQTT-4.3.3-2]; the client leaves it. Publish with QoS 1.',
    },
    'A topic with dots and dollars': {
      seen: 'topic: expected',
      instead: 'Its own routing keys have dots for slashes: a dot comes back as a slash.',
    },
    'Shared subscriptions: each message goes to one of the group': {
      seen: 'messages of the group: expected []',
      instead: 'Takes the filter for a plain one.',
    },
  },
  async start() {
    const { folder, remove } = makeFolder('rabbitmq')
    const [mqtt, ws, epmd, node] = (await freePorts(4)) as [number, number, number, number]
    writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_mqtt,rabbitmq_web_mqtt].\n')
    const settings = [
      'listeners.tcp = none',
      `mqtt.listeners.tcp.1 = 127.0.0.1:${mqtt}`,
      'mqtt.allow_anonymous = true',
      'web_mqtt.tcp.ip = 127.0.0.1',
      `web_mqtt.tcp.port = ${ws}`,
      'web_mqtt.ws_path = /mqtt',
    ]
    writeFileSync(join(folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`)
    // RabbitMQ would leave one behind.
    const names = { command: 'epmd', args: ['-port', `${epmd}`, '-address', '127.0.0.1'], ports: [epmd] }
    return run([mqtt, ws], remove, names, {
      command: 'sh',
      args: ['/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server'],
      env: {
        HOME: folder,
        ERL_EPMD_PORT: `${epmd}`,
        // The script becomes the server, so that it ends with it.
        RUNNING_UNDER_SYSTEMD: 'true',
        RABBITMQ_NODENAME: 'emqtt@localhost',
        RABBITMQ_DIST_PORT: `${node}`,
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        RABBITMQ_MNESIA_BASE: join(folder, 'database'),
        RABBITMQ_LOG_BASE: join(folder, 'log'),
        RABBITMQ_LOGS: '-',
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
        RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
        RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
        RABBITMQ_FEATURE_FLAGS_FILE: join(folder, 'feature_flags'),
        RABBITMQ_PID_FILE: join(folder, 'pid'),
      },
      ports: [mqtt, ws],
    })
  },
}

const nats: BrokerKind = {
  name: 'NATS',
  origin: '2.9.10 with JetStream, Debian 12',
  versions: [4],
  schemes: ['mqtt', 'ws'],
  lacks: {
    ...WITHOUT_QOS_2,
    'A burst of QoS 2 arrives whole and in order': {
      seen: 'connection',
      instead: 'Closes the connection at a PUBLISH of QoS 2.',
    },
    'A topic with blanks': { seen: 'closed the connection', instead: 'Closes the connection.' },
    'A topic with dots and dollars': {
      seen: 'closed the connection',
      instead: 'Closes the connection: its own subjects have dots for slashes.',
    },
    'Shared subscriptions: each message goes to one of the group': {
      seen: 'messages of the group: expected []',
      instead: 'Takes the filter for a plain one.',
    },
  },
  async start() {
    const { folder, remove } = makeFolder('nats')
    const [client, mqtt, ws] = (await freePorts(3)) as [number, number, number]
    const config = join(folder, 'nats.conf')
    const settings = {
      server_name: 'emqtt',
      listen: `127.0.0.1:${client}`,
      jetstream: { store_dir: join(folder, 'jetstream') },
      mqtt: { listen: `127.0.0.1:${mqtt}` },
      websocket: { listen: `127.0.0.1:${ws}`, no_tls: true },
    }
    writeFileSync(config, JSON.stringify(settings))
    return run([mqtt, ws], remove, { command: 'nats-server', args: ['-c', config], ports: [mqtt, ws] })
  },
}

/** Those that `npm test` runs, and those that `npm run test:brokers` adds. */
export const EVERYWHERE: readonly BrokerKind[] = [mosquitto, aedes]
export const MORE: readonly BrokerKind[] = [ejabberd, rabbitmq, nats]
