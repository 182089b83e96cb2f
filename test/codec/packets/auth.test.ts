import { describe } from 'vitest'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'

describe('AUTH', () => {
  matchesGolden('auth')

  const properties = { authenticationMethod: 'x' }
  refusesBytes([
    ['it before 5.0', [3, 4], 'f0', 0x81, 'fixed header: expected a packet type, got 15'],
    ['flags [MQTT-3.15.1-1]', 5, 'f1', 0x81, 'auth: expected fixed header flags of 0, got 1'],
    [
      'another Reason Code [MQTT-3.15.2-1]',
      5,
      'f0 06 17 04 15 0001 78',
      0x82,
      'auth.reasonCode: expected a Reason Code of auth, got 0x17',
    ],
    ['no method (§3.15.2.2.2)', 5, 'f0 02 18 00', 0x82, 'auth.properties.authenticationMethod: expected one, got none'],
    ['no Property Length', 5, 'f0 01 18', 0x81, 'auth.properties: expected 1 B, got 0 B before the end'],
  ])
  refusesInput([
    ['it before 5.0', 3, { type: 'auth' }, RangeError, 'protocolVersion: expected 5 for an AUTH packet, got 3'],
    ['it before 5.0', 4, { type: 'auth' }, RangeError, 'protocolVersion: expected 5 for an AUTH packet, got 4'],
    [
      'another Reason Code [MQTT-3.15.2-1]',
      5,
      { type: 'auth', reasonCode: 0x80, properties },
      RangeError,
      'auth.reasonCode: expected a Reason Code of auth, got 128',
    ],
    [
      'no method (§3.15.2.2.2)',
      5,
      { type: 'auth', reasonCode: 0x18 },
      TypeError,
      'auth.properties.authenticationMethod: expected a string, got undefined',
    ],
  ])
})
