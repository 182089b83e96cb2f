import { describe } from 'vitest'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'

describe('AUTH', () => {
  matchesGolden('auth')

  const properties = { authenticationMethod: 'x' }
  refusesBytes([
    ['it before 5.0', [3, 4], 'f0', 0x81, 'packet type'],
    ['flags [MQTT-3.15.1-1]', 5, 'f1', 0x81, 'auth'],
    ['another Reason Code [MQTT-3.15.2-1]', 5, 'f0 06 17 04 15 0001 78', 0x82, 'auth.reasonCode'],
    ['no method (§3.15.2.2.2)', 5, 'f0 02 18 00', 0x82, 'authenticationMethod'],
    ['no Property Length', 5, 'f0 01 18', 0x81, 'auth.properties'],
  ])
  refusesInput([
    ['it before 5.0', [3, 4], { type: 'auth' }, RangeError, 'protocolVersion'],
    [
      'another Reason Code [MQTT-3.15.2-1]',
      5,
      { type: 'auth', reasonCode: 0x80, properties },
      RangeError,
      'auth.reasonCode',
    ],
    [
      'no method (§3.15.2.2.2)',
      5,
      { type: 'auth', reasonCode: 0x18 },
      TypeError,
      'auth.properties.authenticationMethod',
    ],
  ])
})
