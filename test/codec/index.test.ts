import { expect, it } from 'vitest'
import * as codec from '../../src/codec/index.js'
import * as errors from '../../src/errors.js'

it('emqtt/codec exports what is public and nothing else', () => {
  expect(Object.keys(codec).sort()).toEqual([
    'MqttError',
    'PacketReader',
    'PacketReaderError',
    'ProtocolError',
    'encodePacket',
    'isMqttError',
    'parseSharedFilter',
    'reasonName',
    'returnCodeName',
    'topicMatches',
  ])
  expect(codec.ProtocolError).toBe(errors.ProtocolError)
})
