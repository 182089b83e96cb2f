/** What a client has measured of its connections. */

/** Figures since the client was made. Times are in ms, and undefined before the first. */
export interface ClientMetrics {
  /** Connections that a server accepted. */
  connections: number
  /** Until the network connection stood (TCP, TLS and WebSocket together), the last time. */
  handshakeTime: number | undefined
  /** From CONNECT to CONNACK, the last time; with enhanced authentication, to its end. */
  connackTime: number | undefined
  /** From the last SUBSCRIBE to its SUBACK. */
  subackTime: number | undefined
  /** Bytes of MQTT, without what TCP, TLS and WebSocket add. */
  bytesSent: number
  bytesReceived: number
  packetsSent: number
  packetsReceived: number
  /** Messages of QoS 0 that the application was too slow for; each raised the event `drop`. */
  messagesDropped: number
  /** Messages to the server that were given up, or refused when nobody waited; each raised the event `discard`. */
  messagesDiscarded: number
}

export function newMetrics(): ClientMetrics {
  return {
    connections: 0,
    handshakeTime: undefined,
    connackTime: undefined,
    subackTime: undefined,
    bytesSent: 0,
    bytesReceived: 0,
    packetsSent: 0,
    packetsReceived: 0,
    messagesDropped: 0,
    messagesDiscarded: 0,
  }
}
