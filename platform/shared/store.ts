/** `emqtt/store`: what makes a place for keys and bytes a store for a client's session. */

export type { SessionStore, StoredSession } from '../../src/index.js'
export { isMqttError, keepSession, MqttError } from '../../src/index.js'
