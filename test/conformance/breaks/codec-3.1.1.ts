/** Clauses of 3.1.1 that the codec keeps. */

import { breaksOf } from '../breaks.js'

export const CODEC_311 = breaksOf('3.1.1', {
  'src/codec/packets/connect.ts': [
    ['MQTT-3.1.2-14', "checkInteger(will.qos, 0, 2, 'connect.will.qos') << 3", 'will.qos << 3'],
  ],
})
