/** Clauses of 5.0 that the client and its transports keep: what an application may ask for, and when a connection ends. */

import { breaksOf } from '../breaks.js'

export const CLIENT_5 = breaksOf('5.0', {
  'src/client/supervisor.ts': [
    ['MQTT-3.1.2-4', 'if (settings.connect.cleanStart) session.reset()', ''],
    ['MQTT-4.13.2-1', 'void connection.close()\n        this.#settle(STABLE_AFTER)', 'this.#settle(STABLE_AFTER)'],
  ],
  'src/client/attempts.ts': [['MQTT-4.13.2-1', 'else void connection.close()\n      throw error', 'throw error']],
  'src/client/client.ts': [['MQTT-3.3.1-3', 'dup: false,', 'dup: (options as { dup?: boolean }).dup ?? false,']],
  'src/client/connection.ts': [
    ['MQTT-3.14.4-2', 'transport.close()', ''],
    ['MQTT-6.0.0-2', 'packet; packet = this.#framer.next()', 'packet; packet = undefined'],
  ],
  'src/codec/framer.ts': [['MQTT-6.0.0-2', 'if (waiting === 0) {', 'if (true) {']],
  'src/client/inbox.ts': [
    ['MQTT-4.5.0-2', '    receipt.done()\n', '    if (listeners.length > 0 || consumers.length > 0) receipt.done()\n'],
  ],
  'platform/shared/websocket.ts': [
    ['MQTT-6.0.0-1', "if (typeof data === 'string') {", 'if (false) {'],
    ['MQTT-6.0.0-1', 'socket.send(bytes, drain)', 'socket.send(new TextDecoder().decode(bytes), drain)'],
    ['MQTT-6.0.0-3', "protocolVersion === 3 ? 'mqttv3.1' : 'mqtt'", "protocolVersion === 3 ? 'mqttv3.1' : 'mqttv5'"],
  ],
})
