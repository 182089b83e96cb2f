import { describe } from 'vitest'
import { matchesGolden, refusesBytes } from '../support/tables.js'
import { VERSIONS } from '../support/wire.js'

describe('PINGREQ and PINGRESP', () => {
  matchesGolden('pingreq', 'pingresp')

  refusesBytes([
    [
      'flags [MQTT-2.2.2-2 of 3.1.1] [MQTT-2.1.3-1 of 5.0]',
      VERSIONS,
      'c1',
      0x81,
      'pingreq: expected fixed header flags of 0, got 1',
    ],
    [
      'flags [MQTT-2.2.2-2 of 3.1.1] [MQTT-2.1.3-1 of 5.0]',
      VERSIONS,
      'd8',
      0x81,
      'pingresp: expected fixed header flags of 0, got 8',
    ],
    ['a body', VERSIONS, 'c0 01 00', 0x81, 'pingreq: expected its end, got 1 more bytes'],
    ['a body', VERSIONS, 'd0 01 00', 0x81, 'pingresp: expected its end, got 1 more bytes'],
  ])
})
