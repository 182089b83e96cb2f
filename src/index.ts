/** The public door of the core: what `platform/*` wires to a host and hands on. */

export { Client as CoreClient } from './client/client.js'
export type { ClientInfo, ClientStatus, FilterInput, PublishOptions, SubscribeOptions } from './client/client.js'
export type { Listener, ListenOptions } from './client/emitter.js'
export { Message } from './client/messages.js'
export type {
  ClientOptions,
  Password,
  PublishProperties,
  ReconnectOptions,
  ReconnectPolicy,
  TcpOptions,
  TlsOptions,
  Username,
  WebSocketOptions,
  WillOptions,
} from './client/options.js'
export type {
  ClientEvents,
  ConnectResult,
  DisconnectEvent,
  PublishResult,
  ReconnectingEvent,
  ResubscribeEvent,
  UnsubscribeResult,
} from './client/results.js'
export { type Granted, type MessageHandler, Subscription } from './client/subscriptions.js'
export type { CancelSignal, Endpoint, Platform, Transport, TransportHandlers } from './client/transport.js'
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
