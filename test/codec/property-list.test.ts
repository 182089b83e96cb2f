import { describe, expect, it } from 'vitest'
import { encodePacket, type Packet } from '../../src/codec/index.js'
import { decode, hex, refusal, str } from './support/wire.js'
import { CARRIERS, PROPERTY_GOLDEN } from './vectors/golden.js'

const METHOD = 'authenticationMethod'

describe('a list of properties (§2.2.2)', () => {
  const carriers = Object.keys(CARRIERS)

  it.each(PROPERTY_GOLDEN)('has %s only where it belongs', (name, list, properties, allowed) => {
    for (const carrier of carriers) {
      const [digits, packet] = CARRIERS[carrier]!
      // The same identifier has another name there.
      const cousin = name.startsWith('subscriptionIdentifier') && (carrier === 'publish' || carrier === 'subscribe')
      if (allowed.includes(carrier) || cousin) continue
      const path = carrier === 'will' ? 'connect.will.properties' : `${carrier}.properties`
      expect(refusal(digits(list), 5)).toMatchObject({ reasonCode: 0x81, message: expect.stringContaining(path) })
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
        expect(error).toMatchObject({ reasonCode: 0x82, message: expect.stringContaining(`${field}: expected once`) })
      }
    },
  )

  it.each([
    ['payloadFormatIndicator', '01 02', 'publish', 0x82],
    ['maximumQos', '24 02', 'connack', 0x82],
    ['retainAvailable', '25 02', 'connack', 0x82],
    ['requestProblemInformation', '17 02', 'connect', 0x82],
    ['requestResponseInformation', '19 ff', 'connect', 0x82],
    ['wildcardSubscriptionAvailable', '28 02', 'connack', 0x82],
    ['subscriptionIdentifierAvailable', '29 02', 'connack', 0x82],
    ['sharedSubscriptionAvailable', '2a 02', 'connack', 0x82],
    ['receiveMaximum', '21 0000', 'connect', 0x82],
    ['receiveMaximum', '21 0000', 'connack', 0x82],
    ['maximumPacketSize', '27 00000000', 'connect', 0x82],
    ['maximumPacketSize', '27 00000000', 'connack', 0x82],
    ['subscriptionIdentifier', '0b 00', 'subscribe', 0x82],
    ['subscriptionIdentifiers', '0b 00', 'publish', 0x82],
    ['topicAlias', '23 0000', 'publish', 0x94],
    ['responseTopic', `08 ${str('a/+')}`, 'publish', 0x82],
    ['responseTopic', '08 0000', 'will', 0x82],
    ['subscriptionIdentifier', '0b ffffffff01', 'subscribe', 0x81],
    ['subscriptionIdentifier', '0b 8000', 'subscribe', 0x81],
    ['contentType', '03 0002 c080', 'publish', 0x81],
    ['reasonString', '1f 0003 eda080', 'puback', 0x81],
    ['userProperties', '26 0001 61 0001 00', 'puback', 0x81],
    ['userProperties', '26 0001 61', 'puback', 0x81],
    ['messageExpiryInterval', '02 000000', 'publish', 0x81],
    ['correlationData', '09 0005 00', 'publish', 0x81],
  ] as const)('refuses from a peer: %s as %s in %s', (name, list, carrier, reasonCode) => {
    expect(refusal(CARRIERS[carrier]![0](list), 5)).toMatchObject({
      reasonCode,
      message: expect.stringContaining(name),
    })
  })

  it('refuses unknown identifiers', () => {
    for (const list of ['00', '04 00', '2b 00', '7f 00', '80 01', 'ff']) {
      expect(refusal(CARRIERS.publish![0](list), 5).reasonCode).toBe(0x81)
    }
  })

  it('refuses a Property Length beyond the packet, and one longer than needed', () => {
    expect(refusal('30 06 0001 61 7f 0101', 5).reasonCode).toBe(0x81)
    expect(refusal('30 05 0001 61 8000', 5).reasonCode).toBe(0x81)
  })

  it('refuses a property that runs over the end of the list into the payload', () => {
    expect(refusal('30 0a 0001 61 02 02 00 00000000', 5).reasonCode).toBe(0x81)
  })

  it.each([
    ['payloadFormatIndicator', 2, 'publish', RangeError],
    ['payloadFormatIndicator', true, 'publish', TypeError],
    ['messageExpiryInterval', 4_294_967_296, 'publish', RangeError],
    ['messageExpiryInterval', -1, 'publish', RangeError],
    ['messageExpiryInterval', Number.NaN, 'publish', RangeError],
    ['messageExpiryInterval', '5', 'publish', TypeError],
    ['contentType', 5, 'publish', TypeError],
    ['contentType', '\ud800', 'publish', RangeError],
    ['responseTopic', '#', 'publish', RangeError],
    ['correlationData', 'x', 'publish', TypeError],
    ['correlationData', new Uint8Array(65_536), 'publish', RangeError],
    ['topicAlias', 0, 'publish', RangeError],
    ['topicAlias', 65_536, 'publish', RangeError],
    ['subscriptionIdentifiers', 1, 'publish', TypeError],
    ['subscriptionIdentifiers', [0], 'publish', RangeError],
    ['subscriptionIdentifiers', [268_435_456], 'publish', RangeError],
    ['subscriptionIdentifier', 0, 'subscribe', RangeError],
    ['subscriptionIdentifier', [1], 'subscribe', TypeError],
    ['receiveMaximum', 0, 'connect', RangeError],
    ['receiveMaximum', 65_536, 'connect', RangeError],
    ['maximumPacketSize', 0, 'connect', RangeError],
    ['topicAliasMaximum', 65_536, 'connect', RangeError],
    ['requestProblemInformation', 1, 'connect', TypeError],
    ['serverKeepAlive', 1.5, 'connack', RangeError],
    ['maximumQos', 2, 'connack', RangeError],
    ['retainAvailable', 'yes', 'connack', TypeError],
    ['userProperties', { a: 'b' }, 'puback', TypeError],
    ['userProperties', ['a'], 'puback', TypeError],
    ['userProperties', [['a', 1]], 'puback', TypeError],
    ['userProperties', [['a\0', 'b']], 'puback', RangeError],
  ] as const)('refuses from a caller: %s of %j in %s', (name, value, carrier, kind) => {
    const encode = () => encodePacket(CARRIERS[carrier]![1]({ [name]: value } as object), 5)
    expect(encode).toThrow(kind)
    expect(encode).toThrow(`${carrier}.properties.${name}`)
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
