/** The options that all commands have: where the server is, who connects, and how. */

import { localEnd, readNamedFile, readPassword } from './local.js'
import { OFF, row, under } from './rows.js'
import { duration, filled, flag, oneOf, qos, text, topicName, wholeNumber } from './values.js'

const server = under('Connection', {
  host: row(
    '-h, --host [host]',
    'name or IP address of the server',
    filled,
    { default: 'localhost' },
    (draft, host) => {
      draft.host = host
    },
  ),
  port: row(
    '-p, --port <port>',
    'port of the server (default: 1883, or 8883 with --enable-ssl)',
    wholeNumber(1, 65_535),
    {},
    (draft, port) => {
      draft.port = port
    },
  ),
  iface: row('-I, --iface <iface>', 'network interface or local IP address to use', filled, {}, (draft, iface) => {
    draft.tcp = localEnd(iface, draft.host)
  }),
  protocolVersion: row(
    '-V, --protocol-version [version]',
    'v3.1, v3.1.1 or v5',
    oneOf({ 'v3.1': 3, 'v3.1.1': 4, v5: 5 } as const),
    { default: 'v5' },
    (draft, version) => {
      draft.protocolVersion = version
    },
  ),
  username: row('-u, --username <username>', 'user name for the server', text, {}, (draft, username) => {
    draft.username = username
  }),
  password: row(
    '-P, --password <password>',
    'password for the user name; seen by all who list the processes of this machine',
    text,
    {},
    (draft, password) => {
      draft.password = password
    },
  ),
  passwordFile: row(
    '--password-file <file>',
    'file with the password, read unless --password is given',
    filled,
    {},
    (draft, path) => {
      draft.password ??= readPassword(path)
    },
  ),
  clientid: row(
    '-C, --clientid <clientid>',
    'client identifier (default: emqtt-<hostname>-<random hexadecimal digits>)',
    text,
    {},
    (draft, clientId) => {
      draft.clientId = clientId
    },
  ),
  keepalive: row(
    '-k, --keepalive [seconds]',
    'longest silence before a PINGREQ, 0 for none',
    wholeNumber(0, 65_535),
    { default: '300' },
    (draft, keepAlive) => {
      draft.keepAlive = keepAlive
    },
  ),
  enableWebsocket: row(
    '--enable-websocket [bool]',
    'connect over WebSocket, at the path /mqtt',
    flag,
    OFF,
    (draft, on) => {
      if (on) draft.transport = 'ws'
    },
  ),
})

const will = under('Will', {
  willTopic: row(
    '--will-topic <topic>',
    'topic of the will, the message that the server sends when this client vanishes',
    topicName,
    {},
    (draft, topic) => {
      draft.will = { topic }
    },
  ),
  willPayload: row(
    '--will-payload <payload>',
    'payload of the will',
    text,
    { needs: 'willTopic' },
    (draft, payload) => {
      draft.will = { ...draft.will!, payload }
    },
  ),
  willQos: row('--will-qos [qos]', 'QoS of the will', qos, { alone: '0', needs: 'willTopic' }, (draft, qos) => {
    draft.will = { ...draft.will!, qos }
  }),
  willRetain: row(
    '--will-retain [bool]',
    'whether the will is retained',
    flag,
    { alone: 'true', needs: 'willTopic' },
    (draft, retain) => {
      draft.will = { ...draft.will!, retain }
    },
  ),
})

const tls = under('TLS', {
  enableSsl: row(
    '--enable-ssl [bool]',
    'connect over TLS; with --enable-websocket, over wss',
    flag,
    OFF,
    (draft, on) => {
      if (!on) return
      draft.transport = draft.transport === 'ws' ? 'wss' : 'tls'
      draft.tls = { minVersion: 'TLSv1.2' }
    },
  ),
  // The reference speaks TLS 1.2 alone unless told otherwise. Said to be a default, that would only keep a server from
  // using the better 1.3; said by the user, it is exactly the version to use.
  tlsVersion: row(
    '--tls-version [version]',
    'speak only tlsv1.3, tlsv1.2, tlsv1.1 or tlsv1 (default: tlsv1.2 or later)',
    oneOf({ 'tlsv1.3': 'TLSv1.3', 'tlsv1.2': 'TLSv1.2', 'tlsv1.1': 'TLSv1.1', tlsv1: 'TLSv1' } as const),
    { alone: 'tlsv1.2', needs: 'enableSsl' },
    (draft, version) => {
      draft.tls = { ...draft.tls, minVersion: version, maxVersion: version }
      // OpenSSL 3 has no cipher for these at its default level.
      if (version === 'TLSv1' || version === 'TLSv1.1') draft.tls.ciphers = 'DEFAULT:@SECLEVEL=0'
    },
  ),
  CAfile: row(
    '--CAfile <file>',
    "certificates of the authorities to trust, PEM (default: those of Node's)",
    filled,
    { needs: 'enableSsl' },
    (draft, path) => {
      draft.tls = { ...draft.tls, ca: readNamedFile('--CAfile', path) }
    },
  ),
  cert: row('--cert <file>', 'certificate of this client, PEM', filled, { needs: 'enableSsl' }, (draft, path) => {
    const pem = readNamedFile('--cert', path)
    draft.tls = { ...draft.tls, cert: pem }
    if (pem.includes('PRIVATE KEY-----')) draft.tls.key = pem
  }),
  key: row(
    '--key <file>',
    'private key for --cert, PEM (default: in the same file)',
    filled,
    { needs: 'enableSsl' },
    (draft, path) => {
      draft.tls = { ...draft.tls, key: readNamedFile('--key', path) }
    },
  ),
  sni: row(
    '--sni <name>',
    "name that the server's certificate must bear (default: the host, also as --sni true)",
    filled,
    { needs: 'enableSsl' },
    (draft, name) => {
      if (name !== 'true') draft.tls = { ...draft.tls, servername: name }
    },
  ),
  verify: row(
    '--verify [bool]',
    "whether the server's certificate is verified",
    flag,
    { default: 'true', needs: 'enableSsl' },
    (draft, on) => {
      if (!on) draft.tls = { ...draft.tls, rejectUnauthorized: false }
    },
  ),
})

const running = under('Command', {
  logLevel: row(
    '--log-level [level]',
    'more lines on stderr: info tells what the server answered, debug every packet',
    oneOf({ error: 'error', warning: 'warning', info: 'info', debug: 'debug' } as const),
    { default: 'warning' },
  ),
  timeout: row('--timeout <seconds>', 'longest that the command may take (see the exit codes)', duration, {}),
})

// The order is that of the help, and the one in which the options are applied: of TLS after that of WebSocket.
export const connection = { ...server, ...tls, ...will, ...running }
