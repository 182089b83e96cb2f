/** The door for Node: `connect()` and `Client` over TCP, TLS, WebSocket and WebSocket over TLS. */

import { type ClientOptions, CoreClient } from '../../src/index.js'
import { connectClient, type UrlInput } from '../shared/connect.js'
import { nodePlatform } from './platform.js'

export * from '../shared/names.js'

/** An MQTT client. It connects when `connect` is called, and keeps connected until `disconnect`. */
export class Client extends CoreClient {
  constructor(options: ClientOptions = {}) {
    super(options, nodePlatform)
  }
}

/**
 * Makes a client and connects it: `connect('mqtt://localhost')`, `connect(url, options)` or `connect(options)`.
 *
 * @throws {TypeError} or {RangeError} that names the bad option
 * @throws {ConnectError} when the first connection fails (unless `reconnect.retryFirst`); nothing is left running then
 */
export function connect(target: UrlInput | ClientOptions, options?: ClientOptions): Promise<Client> {
  return connectClient(Client, target, options)
}
