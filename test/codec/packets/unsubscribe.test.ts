import { describe } from 'vitest'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { str, VERSIONS, wrap } from '../support/wire.js'

describe('UNSUBSCRIBE', () => {
  matchesGolden('unsubscribe')

  refusesBytes([
    [
      'flags other than 0010 [MQTT-3.10.1-1]',
      VERSIONS,
      'a0',
      0x81,
      'unsubscribe: expected fixed header flags of 2, got 0',
    ],
    ['packet id 0', VERSIONS, wrap('a2', '0000 00'), 0x82, 'unsubscribe.packetId: expected 1 to 65535, got 0'],
    [
      'no filter [MQTT-3.10.3-2]',
      [3, 4],
      wrap('a2', '0001'),
      0x82,
      'unsubscribe.filters: expected at least one, got none',
    ],
    [
      'no filter [MQTT-3.10.3-2]',
      5,
      wrap('a2', '0001 00'),
      0x82,
      'unsubscribe.filters: expected at least one, got none',
    ],
    [
      'an empty filter [MQTT-4.7.3-1]',
      [3, 4],
      wrap('a2', '0001 0000'),
      0x8f,
      'unsubscribe.filters: expected a Topic Filter, got another text',
    ],
    [
      'a malformed filter',
      5,
      wrap('a2', `0001 00 ${str('a/b#')}`),
      0x8f,
      'unsubscribe.filters: expected a Topic Filter, got another text',
    ],
    [
      'a cut filter',
      5,
      wrap('a2', '0001 00 0002 61'),
      0x81,
      'unsubscribe.filters: expected 2 B, got 1 B before the end',
    ],
  ])
  const good = { type: 'unsubscribe', packetId: 1, filters: ['a'] }
  refusesInput([
    [
      'packet id 0',
      VERSIONS,
      { ...good, packetId: 0 },
      RangeError,
      'unsubscribe.packetId: expected an integer from 1 to 65535, got 0',
    ],
    [
      'no filter [MQTT-3.10.3-2]',
      VERSIONS,
      { ...good, filters: [] },
      RangeError,
      'unsubscribe.filters: expected at least one, got an array of 0',
    ],
    [
      'text for filters',
      VERSIONS,
      { ...good, filters: 'a' },
      TypeError,
      'unsubscribe.filters: expected an array, got "a"',
    ],
    [
      'a malformed filter',
      VERSIONS,
      { ...good, filters: ['a', '##'] },
      RangeError,
      'unsubscribe.filters: expected a Topic Filter: + and # as whole levels, # last, $share/name/filter, got "##"',
    ],
    [
      'a reason string',
      5,
      { ...good, properties: { reasonString: 'x' } },
      TypeError,
      'unsubscribe.properties.reasonString: expected a property of unsubscribe',
    ],
  ])
})
