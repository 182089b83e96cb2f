/** Enhanced authentication (§4.12, 5.0): what an application gives, so that client and server can prove who they are. */

/** Bytes of one step; undefined is none. */
export type AuthenticationData = Uint8Array | undefined

/**
 * An Authentication Method. It holds the state of one exchange, so each client needs an object of its own. What a
 * function throws, or rejects with, ends the connection; an `MqttError` says by `retryable` whether to try again.
 */
export interface Authenticator {
  /** As the server knows it, such as `SCRAM-SHA-256`. */
  readonly method: string
  /** Begins an exchange: for each connection and each re-authentication. The data goes along with CONNECT or AUTH. */
  start(): AuthenticationData | Promise<AuthenticationData>
  /** The server wants more (AUTH 0x18): takes what it said, gives what it is answered. */
  next(serverData: AuthenticationData): AuthenticationData | Promise<AuthenticationData>
  /**
   * The server is content (CONNACK or AUTH 0x00): takes what it said, to prove itself. After CONNACK nothing of the
   * application's is sent, and nothing of the server's is handed out, before this is done.
   */
  finish?(serverData: AuthenticationData): void | Promise<void>
}
