import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/codec/bytes.js'
import { encodePacket, type Packet } from '../../src/codec/index.js'
import { writePacket } from '../../src/codec/packet.js'
import { decode, hex, refusal, str, wrap } from './support/wire.js'
import { CARRIERS, PROPERTY_GOLDEN } from './vectors/golden.js'

const METHOD = 'authenticationMethod'

/** What errors call the list of a packet, or of the Will. */
const pathOf = (carrier: string) => (carrier === 'will' ? 'connect.will.properties' : `${carrier}.properties`)

describe('a list of properties (§2.2.2)', () => {
  const carriers = Object.keys(CARRIERS)

  it.each(PROPERTY_GOLDEN)('has %s only where it belongs', (name, list, properties, allowed) => {
    for (const carrier of carriers) {
      const [digits, packet] = CARRIERS[carrier]!
      // The same identifier has another name there.
      const cousin = name.startsWith('subscriptionIdentifier') && (carrier === 'publish' || carrier === 'subscribe')
      if (allowed.includes(carrier) || cousin) continue
      const path = pathOf(carrier)
      const id = `0x${list.slice(0, 2).toUpperCase()}`
      const message = `${path}.identifier: expected a property of ${carrier}, got ${id}`
      expect(refusal(digits(list), 5)).toMatchObject({ reasonCode: 0x81, message })
      expect(() => encodePacket(packet(properties), 5)).toThrow(
        `${path}.${name === 'authenticationData' && carrier !== 'auth' ? METHOD : name}: expected a property of ${carrier}`,
      )
    }
  })

  it.each(PROPERTY_GOLDEN.filter(([name]) => !/^(userProperties|subscriptionIdentifiers)$/.test(name)))(
    'has %s once',
    (name, list, _, allowed) => {
      for (const carrier of allowed) {
        const field = name === 'authenticationData' ? METHOD : name
        const error = refusal(CARRIERS[carrier]![0](`${list} ${list}`), 5)
        expect(error).toMatchObject({
          reasonCode: 0x82,
          message: `${pathOf(carrier)}.${field}: expected once, got it again`,
        })
      }
    },
  )

  it.each([
    ['payloadFormatIndicator', '01 02', 'publish', 0x82, '0 or 1, got 2'],
    ['maximumQos', '24 02', 'connack', 0x82, '0 or 1, got 2'],
    ['retainAvailable', '25 02', 'connack', 0x82, '0 or 1, got 2'],
    ['requestProblemInformation', '17 02', 'connect', 0x82, '0 or 1, got 2'],
    ['requestResponseInformation', '19 ff', 'connect', 0x82, '0 or 1, got 255'],
    ['wildcardSubscriptionAvailable', '28 02', 'connack', 0x82, '0 or 1, got 2'],
    ['subscriptionIdentifierAvailable', '29 02', 'connack', 0x82, '0 or 1, got 2'],
    ['sharedSubscriptionAvailable', '2a 02', 'connack', 0x82, '0 or 1, got 2'],
    ['receiveMaximum', '21 0000', 'connect', 0x82, '1 or more, got 0'],
    ['receiveMaximum', '21 0000', 'connack', 0x82, '1 or more, got 0'],
    ['maximumPacketSize', '27 00000000', 'connect', 0x82, '1 or more, got 0'],
    ['maximumPacketSize', '27 00000000', 'connack', 0x82, '1 or more, got 0'],
    ['subscriptionIdentifier', '0b 00', 'subscribe', 0x82, '1 or more, got 0'],
    ['subscriptionIdentifiers', '0b 00', 'publish', 0x82, '1 or more, got 0'],
    ['topicAlias', '23 0000', 'publish', 0x94, '1 or more, got 0'],
    ['responseTopic', `08 ${str('a/+')}`, 'publish', 0x82, 'a Topic Name, got another text'],
    ['responseTopic', '08 0000', 'will', 0x82, 'a Topic Name, got another text'],
    ['subscriptionIdentifier', '0b ffffffff01', 'subscribe', 0x81, 'at most four bytes, got more'],
    ['subscriptionIdentifier', '0b 8000', 'subscribe', 0x81, 'the fewest bytes for 0, got more'],
    ['contentType', '03 0002 c080', 'publish', 0x81, 'UTF-8 without surrogates and U+0000, got other bytes'],
    ['reasonString', '1f 0003 eda080', 'puback', 0x81, 'UTF-8 without surrogates and U+0000, got other bytes'],
    ['userProperties', '26 0001 61 0001 00', 'puback', 0x81, 'UTF-8 without surrogates and U+0000, got other bytes'],
    ['userProperties', '26 0001 61', 'puback', 0x81, '2 B, got 0 B before the end'],
    ['messageExpiryInterval', '02 000000', 'publish', 0x81, '2 B, got 1 B before the end'],
    ['correlationData', '09 0005 00', 'publish', 0x81, '5 B, got 1 B before the end'],
  ] as const)('refuses from a peer: %s as %s in %s', (name, list, carrier, reasonCode, rest) => {
    expect(refusal(CARRIERS[carrier]![0](list), 5)).toMatchObject({
      reasonCode,
      message: `${pathOf(carrier)}.${name}: expected ${rest}`,
    })
  })

  it('refuses unknown identifiers', () => {
    for (const list of ['00', '04 00', '2b 00', '7f 00', '80 01', 'ff']) {
      expect(refusal(CARRIERS.publish![0](list), 5).reasonCode).toBe(0x81)
    }
  })

  it('refuses a Property Length beyond the packet, and one longer than needed', () => {
    expect(refusal('30 06 0001 61 7f 0101', 5)).toMatchObject({
      reasonCode: 0x81,
      message: 'publish.properties: expected 127 B, got 2 B before the end',
    })
    expect(refusal('30 05 0001 61 8000', 5).reasonCode).toBe(0x81)
  })

  it('refuses a property that runs over the end of the list into the payload', () => {
    expect(refusal('30 0a 0001 61 02 02 00 00000000', 5).reasonCode).toBe(0x81)
  })

  it.each([
    ['payloadFormatIndicator', 2, 'publish', RangeError, 'an integer from 0 to 1, got 2'],
    ['payloadFormatIndicator', true, 'publish', TypeError, 'an integer from 0 to 1, got true'],
    ['messageExpiryInterval', 4_294_967_296, 'publish', RangeError, 'an integer from 0 to 4294967295, got 4294967296'],
    ['messageExpiryInterval', -1, 'publish', RangeError, 'an integer from 0 to 4294967295, got -1'],
    ['messageExpiryInterval', Number.NaN, 'publish', RangeError, 'an integer from 0 to 4294967295, got NaN'],
    ['messageExpiryInterval', '5', 'publish', TypeError, 'an integer from 0 to 4294967295, got "5"'],
    ['contentType', 5, 'publish', TypeError, 'a string, got 5'],
    ['contentType', '\ud800', 'publish', RangeError, 'text without U+0000 and lone surrogates, got one at 0'],
    ['responseTopic', '#', 'publish', RangeError, 'a Topic Name: at least one character, no + and #, got "#"'],
    ['correlationData', 'x', 'publish', TypeError, 'a Uint8Array'],
    ['topicAlias', 0, 'publish', RangeError, 'an integer from 1 to 65535, got 0'],
    ['topicAlias', 65_536, 'publish', RangeError, 'an integer from 1 to 65535, got 65536'],
    ['subscriptionIdentifiers', 1, 'publish', TypeError, 'an array, got 1'],
    ['subscriptionIdentifiers', [0], 'publish', RangeError, 'an integer from 1 to 268435455, got 0'],
    ['subscriptionIdentifiers', [268_435_456], 'publish', RangeError, 'an integer from 1 to 268435455, got 268435456'],
    ['subscriptionIdentifier', 0, 'subscribe', RangeError, 'an integer from 1 to 268435455, got 0'],
    ['subscriptionIdentifier', [1], 'subscribe', TypeError, 'an integer from 1 to 268435455, got an array of 1'],
    ['receiveMaximum', 0, 'connect', RangeError, 'an integer from 1 to 65535, got 0'],
    ['receiveMaximum', 65_536, 'connect', RangeError, 'an integer from 1 to 65535, got 65536'],
    ['maximumPacketSize', 0, 'connect', RangeError, 'an integer from 1 to 4294967295, got 0'],
    ['topicAliasMaximum', 65_536, 'connect', RangeError, 'an integer from 0 to 65535, got 65536'],
    ['requestProblemInformation', 1, 'connect', TypeError, 'true or false, got 1'],
    ['serverKeepAlive', 1.5, 'connack', RangeError, 'an integer from 0 to 65535, got 1.5'],
    ['maximumQos', 2, 'connack', RangeError, 'an integer from 0 to 1, got 2'],
    ['retainAvailable', 'yes', 'connack', TypeError, 'true or false, got "yes"'],
    ['userProperties', { a: 'b' }, 'puback', TypeError, 'an array, got Object'],
    ['userProperties', ['a'], 'puback', TypeError, '[name, value], got "a"'],
    ['userProperties', ['ab'], 'puback', TypeError, '[name, value], got "ab"'],
    ['userProperties', [['a']], 'puback', TypeError, '[name, value], got an array of 1'],
    ['userProperties', [['a', 'b', 'c']], 'puback', TypeError, '[name, value], got an array of 3'],
    ['userProperties', [['a', 1]], 'puback', TypeError, 'a string, got 1'],
    ['userProperties', [['a\0', 'b']], 'puback', RangeError, 'text without U+0000 and lone surrogates, got one at 1'],
  ] as const)('refuses from a caller: %s of %j in %s', (name, value, carrier, kind, rest) => {
    const encode = () => encodePacket(CARRIERS[carrier]![1]({ [name]: value } as object), 5)
    expect(encode).toThrow(new kind(`${pathOf(carrier)}.${name}: expected ${rest}`))
  })

  it('refuses from a caller more bytes than a length can say', () => {
    const encode = () => encodePacket(CARRIERS.publish![1]({ correlationData: new Uint8Array(65_536) }), 5)
    expect(encode).toThrow(
      new RangeError('publish.properties.correlationData: expected at most 65535 bytes, got 65536'),
    )
  })

  it('is an object', () => {
    const packet = { type: 'puback', packetId: 1, reasonCode: 0, properties: null as never } as const
    expect(() => writePacket(new Writer(), packet, 5)).toThrow(
      new TypeError('puback.properties: expected an object, got null'),
    )
  })

  it('has wildcards and emptiness in texts that are no topics', () => {
    for (const contentType of ['', 'a/+', '#']) {
      const encoded = hex(encodePacket(CARRIERS.publish![1]({ contentType }), 5))
      expect(decode(encoded, 5)).toMatchObject([{ properties: { contentType } }])
    }
  })

  it('has an end: what comes after it is of the packet again', () => {
    const digits = wrap('10', `0004 4d515454 05 02 003c 03 21 0001 0005 63`)
    expect(refusal(digits, 5).message).toBe('connect.clientId: expected 5 B, got 1 B before the end')
  })

  it('refuses names that no property has', () => {
    for (const name of ['toString', 'constructor', 'topicalias', '']) {
      const encode = () => encodePacket(CARRIERS.publish![1]({ [name]: 1 } as object), 5)
      expect(encode).toThrow(`publish.properties.${name}: expected a property of publish`)
    }
  })

  it('reads names like __proto__ as mere text', () => {
    const [packet] = decode(CARRIERS.puback![0](`26 ${str('__proto__')} ${str('polluted')}`), 5)
    expect(packet).toMatchObject({ properties: { userProperties: [['__proto__', 'polluted']] } })
    expect(Object.getPrototypeOf((packet as { properties: object }).properties)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('is not disturbed by an extended Object.prototype', () => {
    const before = hex(encodePacket(CARRIERS.publish![1]({ topicAlias: 1 }), 5))
    Object.defineProperty(Object.prototype, 'stray', { value: () => 1, enumerable: true, configurable: true })
    let encoded: Uint8Array
    try {
      encoded = encodePacket(CARRIERS.publish![1]({ topicAlias: 1 }), 5)
    } finally {
      delete (Object.prototype as { stray?: unknown }).stray
    }
    expect(hex(encoded)).toBe(before)
  })

  it('is one frozen object where there are none, in each version', () => {
    const [five] = decode('30 04 0001 61 00', 5) as [Packet & { properties: object }]
    const [four] = decode('30 03 0001 61', 4) as [Packet & { properties: object }]
    expect(five.properties).toBe(four.properties)
    expect(Object.isFrozen(five.properties)).toBe(true)
  })

  it('takes empty lists of pairs and identifiers for none', () => {
    const properties = { userProperties: [], subscriptionIdentifiers: [] }
    expect(hex(encodePacket({ type: 'publish', topic: 'a', properties }, 5))).toBe('300400016100')
  })
})
