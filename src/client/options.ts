/** What an application may say to a client: when it makes one, and with each call. Names, ranges, defaults. */

import type { WillProperties } from '../codec/packets/connect.js'
import type { DisconnectProperties } from '../codec/packets/disconnect.js'
import type { PublishProperties as AnyPublishProperties } from '../codec/packets/publish.js'
import type { SubscribeProperties } from '../codec/packets/subscribe.js'
import type { ConnectProperties } from '../codec/properties.js'
import type { ProtocolVersion, QoS } from '../codec/protocol.js'
import type { Authenticator } from './authenticator.js'
import type { CancelSignal } from './cancel.js'
import type { SessionStore } from './store.js'

/** Properties of a PUBLISH that a client may send (§3.3.2.3); the Topic Alias is ours to set. */
export type PublishProperties = Omit<AnyPublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>

/** The message that the server publishes when this client vanishes (§3.1.2.5). */
export interface WillOptions {
  topic: string
  payload?: string | Uint8Array
  qos?: QoS
  retain?: boolean
  properties?: WillProperties
}

/** TLS settings of a Node client: a part of `tls.ConnectionOptions`, all of which is passed on. */
export interface TlsOptions {
  ca?: string | Uint8Array | (string | Uint8Array)[]
  cert?: string | Uint8Array | (string | Uint8Array)[]
  key?: string | Uint8Array | (string | Uint8Array)[]
  pfx?: string | Uint8Array
  passphrase?: string
  /** Lists of revoked certificates, PEM: without them, revocation is not looked at (there is no OCSP). */
  crl?: string | Uint8Array | (string | Uint8Array)[]
  /** The name that the certificate must bear and that SNI asks for; the host by default. */
  servername?: string
  ALPNProtocols?: string[]
  minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  ciphers?: string
  /** False accepts any certificate, and with it anyone who poses as the server. */
  rejectUnauthorized?: boolean
  [option: string]: unknown
}

/** Socket settings of a Node client: a part of `net.TcpNetConnectOpts`, all of which is passed on. */
export interface TcpOptions {
  noDelay?: boolean
  keepAlive?: boolean
  keepAliveInitialDelay?: number
  localAddress?: string
  localPort?: number
  family?: number
  [option: string]: unknown
}

/** WebSocket settings of a Node client; a browser allows none of them. */
export interface WebSocketOptions {
  /** Headers of the upgrade request. */
  headers?: Record<string, string>
  /** An `http.Agent`, for a proxy. */
  agent?: unknown
}

/** Back-off of the attempts to connect again: exponential, full jitter (each delay is random between 0 and the cap). */
export interface ReconnectOptions {
  /** Attempts in a row before giving up; no end by default. */
  maxAttempts?: number
  /** The cap of the first delay, ms. Default 1 000. */
  minDelay?: number
  /** The largest cap, ms. Default 30 000. */
  maxDelay?: number
  /** Whether the first connection, too, is tried again instead of rejecting. Default false. */
  retryFirst?: boolean
}

/** A delay in ms until attempt number `attempt` (from 1), or false to give up. */
export type ReconnectPolicy = (attempt: number, error: Error) => number | false

/**
 * How far the application may fall behind the server. Messages count from their arrival until their handlers, and the
 * iterations that read them, have done with them.
 */
export interface BacklogOptions {
  /**
   * Messages of QoS 1 and 2. Past it, the network is not read, unless an answer that somebody waits for may come behind.
   * It is also how many calls of one handler may be pending at once, and how many messages of QoS 0 a subscription keeps
   * for its handler or its iteration. 1 to 65 535, default 1 000. `properties.receiveMaximum` (5.0) has the server keep to
   * a number by itself.
   */
  maxMessages?: number
  /** Bytes of all such messages, each its payload and 1 KiB. Past it, the network is not read. Default 16 MiB. */
  maxBytes?: number
  /**
   * What becomes of messages of QoS 0 past these limits: `drop-oldest` (default) drops those that have waited longest for
   * a handler or an iteration, and past `maxBytes` those that come; `drop-newest` always those that come; the event `drop` and `metrics().messagesDropped` count them.
   * `wait` does not read the network instead, where that can be done: not in a browser.
   */
  overflow?: 'drop-oldest' | 'drop-newest' | 'wait'
}

/**
 * How much may wait to be sent for the first time: without a connection, or behind a full send window. What was sent once
 * is within no limit and is sent again until it is acknowledged.
 */
export interface OutboxOptions {
  /** Messages, from 1. Default Infinity: no limit. */
  maxMessages?: number
  /** Bytes of their packets, from 1. Default 134 217 728 (128 MiB); Infinity is no limit. */
  maxBytes?: number
  /** ms that a message may wait, from 1; a `messageExpiryInterval` of its own (5.0) rules where it is shorter. Default Infinity. */
  maxAge?: number
  /**
   * What gives way when it is full. `reject` (default): the new message, whose promise rejects with the code `OUTBOX_FULL`;
   * nothing that was accepted is dropped. The others drop, which rejects with the same code and raises `discard`:
   * `drop-newest` the new message, `drop-oldest` those that have waited longest, of any QoS, `latest-per-topic` the oldest
   * of the same topic or, if there is none, of all.
   */
  whenFull?: 'reject' | 'drop-oldest' | 'drop-newest' | 'latest-per-topic'
  /** Whether messages of QoS 0 wait for a connection, or are dropped without one. Default `queue`. */
  offlineQos0?: 'queue' | 'drop'
}

/** Where a server sends its clients (§4.11). */
export interface Redirect {
  /** As it came. */
  serverReference: string
  /** The URLs that it means; none when it cannot be read. */
  servers: readonly string[]
  /** For good (0x9D), or for now (0x9C). */
  permanent: boolean
  /** Which reference in a row this is, from 1. */
  hops: number
}

/** Whether to go there. */
export type RedirectPolicy = (redirect: Redirect) => boolean

/** A password, or a function that is asked for one at each attempt to connect, so that a token can be fresh. */
export type Password = string | Uint8Array | (() => string | Uint8Array | Promise<string | Uint8Array>)

/** A user name, or a function that is asked for one at each attempt to connect. */
export type Username = string | (() => string | Promise<string>)

/** What a client proves itself with at one attempt, and until when it is good. */
export interface Credentials {
  /** Where it is left out, that of the URL. */
  username?: string
  /** Where it is left out, that of the URL. A string is sent as UTF-8. */
  password?: string | Uint8Array
  /** When they expire, ms since 1970 as in `Date.now()`. The `exp` of a JWT is in seconds. */
  expiresAt?: number
}

/** How a client connects and behaves. What is misspelt or out of range is refused when the client is made. */
export interface ClientOptions {
  /** Labels every error, event and log line of this client. Default: the client id. */
  name?: string
  /** `mqtt://`, `mqtts://`, `ws://`, `wss://` (`tcp://`, `ssl://`, `tls://` as aliases). Wins over `host` and its like. */
  url?: string | { readonly href: string }
  /** URLs tried in order at each attempt, then from the first again. */
  servers?: string[]
  /** A name, an IPv4 or an IPv6 address. Default `localhost`. */
  host?: string
  /** Default 1883; 8883 with TLS; 80 and 443 with WebSocket. */
  port?: number
  /** Default `tcp` in Node and `ws` in a browser; with `tls`, `tls` and `wss`. */
  transport?: 'tcp' | 'tls' | 'ws' | 'wss'
  /** True, or the settings: TLS is used and the peer's certificate is verified. Default false. */
  tls?: boolean | TlsOptions
  /** Node only. `noDelay` is on unless set. */
  tcp?: TcpOptions
  /** Node only. */
  webSocket?: WebSocketOptions
  /** The path of a WebSocket. Default `/mqtt`. */
  path?: string
  /** 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. Default 4. */
  protocolVersion?: ProtocolVersion
  /** Default: assigned by the server in 5.0, generated in 3.1 and 3.1.1. */
  clientId?: string
  /**
   * Clean Start (5.0) or Clean Session (3.1, 3.1.1). Default true, with a `store` false. It is about the first connection:
   * reconnects of the client itself ask for the session back where the protocol can (5.0). False in 5.0 without a
   * `sessionExpiryInterval` asks the server to keep the session for good, as Clean Session 0 does in 3.1.1.
   */
  cleanStart?: boolean
  username?: Username
  password?: Password
  /**
   * In place of `username` and `password`: asked for both at each attempt to connect. With `expiresAt`, it is also asked
   * before that time, while the connection lives on; then the client authenticates again, where `enhancedAuth` is in
   * use, or connects anew.
   */
  credentials?: () => Credentials | Promise<Credentials>
  /** Seconds, 0 to 65 535, 0 turns it off. Default 60. The server's Server Keep Alive replaces it. */
  keepAlive?: number
  /** True sends PINGREQ each interval, whatever else was sent. Default false. */
  forcePing?: boolean
  /** ms over the socket, the handshakes and CONNACK together; and before them for the `store`. Default 60 000. */
  connectTimeout?: number
  /** ms to wait for SUBACK, UNSUBACK, PINGRESP. Default 30 000. */
  ackTimeout?: number
  /**
   * ms after which an unacknowledged PUBLISH or PUBREL is sent again: at once in 3.1 and 3.1.1; in 5.0, where
   * [MQTT-4.4.0-1] forbids that, the connection is taken for dead and another one made. Default 30 000, 0 is never.
   */
  retryInterval?: number
  /**
   * QoS 1 and 2 messages sent and not fully acknowledged; more wait. The server's Receive Maximum (5.0) rules where it is
   * smaller. Default: no limit of our own; but a 3.x server cannot say what it takes, and some drop what exceeds it after
   * acknowledging it (mosquitto: 20), so that there at most 16 messages of QoS 2 are under way unless this says otherwise.
   */
  maxInflight?: number
  /** Sets the top bit of the protocol level (3.1 and 3.1.1). Default false. */
  bridgeMode?: boolean
  will?: WillOptions
  /** Properties of CONNECT (5.0). */
  properties?: Omit<ConnectProperties, 'authenticationMethod' | 'authenticationData'>
  /** Enhanced authentication (5.0), such as the SCRAM of `emqtt/scram`; an object for this client alone. */
  enhancedAuth?: Authenticator
  /**
   * When messages of QoS 1 and 2 are acknowledged. True: once their handlers are done; one whose handler failed is
   * refused with 0x80 (5.0) or acknowledged (3.x), so that it does not come for ever. False: when the application calls
   * `message.ack()`, `client.puback` or `client.pubrec`. 'never': PUBREL and PUBCOMP, too, are the application's to send,
   * with `client.pubrel` and `client.pubcomp`; it hears of PUBREC and PUBREL by the event `packetreceive`. Default true.
   */
  autoAck?: boolean | 'never'
  /** What happens when the application is slower than the server. */
  backlog?: BacklogOptions
  /**
   * Where the session is kept: `fileStore(directory)` of `emqtt/store/file`, `indexedDbStore(name)` of
   * `emqtt/store/indexeddb`, or one of your own by `keepSession()` of `emqtt/store`. What was accepted there is delivered
   * also when the process or the page ends before. It is opened by `connect` and closed by `disconnect`. It needs a
   * `clientId`, and makes `cleanStart` false unless that is set; with `cleanStart: true` what it holds is dropped. Default:
   * in memory.
   */
  store?: SessionStore
  /** What happens to messages that have to wait. What is dropped rejects, raises `discard`, and is counted. */
  outbox?: OutboxOptions
  /**
   * Whether to go where a server sends its clients, with 0x9C or 0x9D and a Server Reference (5.0, §4.11). True: if the
   * scheme stays the same, and at most 3 times in a row. The event `redirect` tells of it in any case. Default true.
   */
  followServerReference?: boolean | RedirectPolicy
  /** Default: on, 1 s to 30 s, full jitter, no end. */
  reconnect?: boolean | ReconnectOptions | ReconnectPolicy
  /** Whether calls that wait for an answer are sent again after a reconnect. Default true. */
  retryCalls?: boolean
  /** When it aborts, the client disconnects, and what is pending rejects with the signal's reason. */
  signal?: CancelSignal
}

/** How a client disconnects. */
export interface DisconnectOptions {
  /** Default 0; 4 asks the server to publish the will (§3.14.2.1; in 3.x, DISCONNECT is left out). */
  reasonCode?: number
  /** 5.0 only; a Server Reference is the server's to send. */
  properties?: Omit<DisconnectProperties, 'serverReference'>
  /** Whether to wait until all that was published is delivered. Default false. */
  drain?: boolean
  /** Ends the waiting: the client disconnects at once. */
  signal?: CancelSignal
}

/** How one message is published. */
export interface PublishOptions {
  /** Default 0. */
  qos?: QoS
  /** Whether the server keeps it for those who subscribe later. Default false. */
  retain?: boolean
  /**
   * `accepted`: the promise does not wait for the server; at QoS 1 and 2 the message is in the session, with a `store` safely
   * so. The event `discard` tells of one that the server refuses later. Default `delivered`.
   */
  until?: 'delivered' | 'accepted'
  /** 5.0 only. */
  properties?: PublishProperties
  /** Stops the waiting; a message of QoS 1 or 2 that was sent already is still delivered. */
  signal?: CancelSignal
}

/** How one `subscribe` asks (§3.8.3.1); a filter with options of its own overrides them. */
export interface SubscribeOptions {
  /** The highest QoS at which the server may send. Default 0. */
  qos?: QoS
  /** Whether our own messages are left out (5.0). Default false. */
  noLocal?: boolean
  /** Whether `retain` says what the publisher said (5.0). Default false. */
  retainAsPublished?: boolean
  /** Retained messages are sent: 0 always, 1 for a new subscription only, 2 never (5.0). Default 0. */
  retainHandling?: 0 | 1 | 2
  /** 5.0 only. */
  properties?: SubscribeProperties
  signal?: CancelSignal
}

/** A filter, or one with options of its own. */
export type FilterInput = string | ({ filter: string } & Omit<SubscribeOptions, 'properties' | 'signal'>)
