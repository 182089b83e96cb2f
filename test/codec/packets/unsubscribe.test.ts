import { describe } from 'vitest'
import { matchesGolden, refusesBytes, refusesInput } from '../support/tables.js'
import { str, VERSIONS, wrap } from '../support/wire.js'

describe('UNSUBSCRIBE', () => {
  matchesGolden('unsubscribe')

  refusesBytes([
    ['flags other than 0010 [MQTT-3.10.1-1]', VERSIONS, 'a0', 0x81, 'unsubscribe'],
    ['packet id 0', VERSIONS, wrap('a2', '0000 00'), 0x82, 'unsubscribe.packetId'],
    ['no filter [MQTT-3.10.3-2]', [3, 4], wrap('a2', '0001'), 0x82, 'unsubscribe.filters'],
    ['no filter [MQTT-3.10.3-2]', 5, wrap('a2', '0001 00'), 0x82, 'unsubscribe.filters'],
    ['an empty filter [MQTT-4.7.3-1]', [3, 4], wrap('a2', '0001 0000'), 0x8f, 'unsubscribe.filters'],
    ['a malformed filter', 5, wrap('a2', `0001 00 ${str('a/b#')}`), 0x8f, 'unsubscribe.filters'],
    ['a cut filter', 5, wrap('a2', '0001 00 0002 61'), 0x81, 'unsubscribe.filters'],
  ])
  const good = { type: 'unsubscribe', packetId: 1, filters: ['a'] }
  refusesInput([
    ['packet id 0', VERSIONS, { ...good, packetId: 0 }, RangeError, 'unsubscribe.packetId'],
    ['no filter [MQTT-3.10.3-2]', VERSIONS, { ...good, filters: [] }, RangeError, 'unsubscribe.filters'],
    ['text for filters', VERSIONS, { ...good, filters: 'a' }, TypeError, 'unsubscribe.filters'],
    ['a malformed filter', VERSIONS, { ...good, filters: ['a', '##'] }, RangeError, 'unsubscribe.filters'],
    [
      'a reason string',
      5,
      { ...good, properties: { reasonString: 'x' } },
      TypeError,
      'unsubscribe.properties.reasonString',
    ],
  ])
})
