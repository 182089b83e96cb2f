/** Clauses of 3.1.1 that the client and the transports keep. */

import { breaksOf } from '../breaks.js'

export const CONNECTION_311 = breaksOf('3.1.1', {
  'src/client/connection.ts': [
    ['MQTT-1.5.3-1 MQTT-1.5.3-2 MQTT-2.2.2-2 MQTT-3.3.1-4 MQTT-3.6.1-1', 'this.#session.fail(error)', ''],
    ['MQTT-3.14.4-1', 'transport.close()', 'this.#ending.get(transport)?.resolve()'],
    [
      'MQTT-6.0.0-2',
      'this.#framer.push(chunk)',
      'this.#framer = new Framer(FROM_SERVER, this.#framer.version)\n      this.#framer.push(chunk)',
    ],
  ],
  'src/client/inbox.ts': [['MQTT-4.5.0-2', 'receipt.done()', 'if (consumers.length > 0) receipt.done()']],
  'platform/shared/websocket.ts': [
    ['MQTT-6.0.0-1', 'return startClosing(socket.terminate ? 1003 : 4003)', 'return undefined'],
    ['MQTT-6.0.0-1', 'socket.send(bytes, drain)', 'socket.send(String.fromCharCode(...bytes) as never, drain)'],
    ['MQTT-6.0.0-3', "return protocolVersion === 3 ? 'mqttv3.1' : 'mqtt'", "return 'mqttv3.1'"],
  ],
})
