/** The public door of the core: what `platform/*` wires to a host and hands on. */

export type { AuthenticationData, Authenticator } from './client/authenticator.js'
export type { CancelSignal } from './client/cancel.js'
export { Client as CoreClient } from './client/client.js'
export type { MessageHandler } from './client/consumer.js'
export type { Listener, ListenOptions } from './client/emitter.js'
export { keepSession } from './client/keep-session.js'
export { Message } from './client/messages.js'
export type { ClientMetrics } from './client/metrics.js'
export type {
  BacklogOptions,
  ClientOptions,
  Credentials,
  DisconnectOptions,
  FilterInput,
  OutboxOptions,
  Password,
  PublishOptions,
  PublishProperties,
  ReconnectOptions,
  ReconnectPolicy,
  Redirect,
  RedirectPolicy,
  SubscribeOptions,
  TcpOptions,
  TlsOptions,
  Username,
  WebSocketOptions,
  WillOptions,
} from './client/options.js'
export type {
  ClientEvents,
  ClientInfo,
  ClientStatus,
  ConnectResult,
  DiscardEvent,
  DisconnectEvent,
  PublishResult,
  ReconnectingEvent,
  RedirectEvent,
  ResubscribeEvent,
  UnsubscribeResult,
} from './client/results.js'
export type { SessionStore, StoredSession } from './client/store.js'
export { Subscription } from './client/subscription.js'
export type { Granted } from './client/subscriptions.js'
export type { Endpoint, Platform, Transport, TransportHandlers } from './client/transport.js'
export type { Packet } from './codec/packet.js'
export type { Properties } from './codec/properties.js'
export type { ProtocolVersion, QoS } from './codec/protocol.js'
export {
  AckTimeoutError,
  ConnectError,
  ConnectionLostError,
  type ErrorPhase,
  isMqttError,
  MqttError,
  type MqttErrorDetails,
  ProtocolError,
  RefusedError,
} from './errors.js'
