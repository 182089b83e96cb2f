/** Random valid packets of every type and version, with every field, as decoding gives them. */

import fc from 'fast-check'
import type { Packet, Properties, ProtocolVersion, QoS } from '../../../src/codec/index.js'

const text = (max = 20) => fc.string({ unit: 'binary', maxLength: max }).map((value) => value.replaceAll('\0', '0'))
const data = fc.uint8Array({ maxLength: 40 })
const uint16 = fc.integer({ min: 0, max: 0xffff })
const uint32 = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constant(0xffff_ffff))
const packetId = fc.integer({ min: 1, max: 0xffff })
const varint = fc.oneof(
  fc.integer({ min: 1, max: 268_435_455 }),
  fc.constantFrom(1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455),
)
const qos = fc.constantFrom<QoS>(0, 1, 2)
const bit = fc.constantFrom<0 | 1>(0, 1)
const topic = text().map((value) => `t${value.replaceAll(/[+#]/g, '/')}`)
const level = fc.oneof(
  fc.constant('+'),
  text(5).map((value) => value.replaceAll(/[+#/]/g, '')),
)
const filter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean(), fc.boolean())
  .map(([levels, all, shared]) => `${shared ? '$share/g/' : ''}x/${levels.join('/')}${all ? '/#' : ''}`)

const VALUES: { readonly [K in keyof Required<Properties>]: fc.Arbitrary<NonNullable<Properties[K]>> } = {
  payloadFormatIndicator: bit,
  messageExpiryInterval: uint32,
  contentType: text(),
  responseTopic: topic,
  correlationData: data,
  subscriptionIdentifier: varint,
  subscriptionIdentifiers: fc.array(varint, { minLength: 1, maxLength: 4 }),
  sessionExpiryInterval: uint32,
  assignedClientIdentifier: text(),
  serverKeepAlive: uint16,
  authenticationMethod: text(),
  authenticationData: data,
  requestProblemInformation: fc.boolean(),
  willDelayInterval: uint32,
  requestResponseInformation: fc.boolean(),
  responseInformation: text(),
  serverReference: text(),
  reasonString: text(60),
  receiveMaximum: packetId,
  topicAliasMaximum: uint16,
  topicAlias: packetId,
  maximumQos: bit,
  retainAvailable: fc.boolean(),
  userProperties: fc.array(fc.tuple(text(), text()), { minLength: 1, maxLength: 4 }),
  maximumPacketSize: fc.integer({ min: 1, max: 0xffff_ffff }),
  wildcardSubscriptionAvailable: fc.boolean(),
  subscriptionIdentifierAvailable: fc.boolean(),
  sharedSubscriptionAvailable: fc.boolean(),
}

/** Some of these properties; none before 5.0. */
function some(version: ProtocolVersion, ...names: readonly (keyof Properties)[]): fc.Arbitrary<Properties> {
  if (version !== 5) return fc.constant({})
  const model = Object.fromEntries([...names, 'userProperties' as const].map((name) => [name, VALUES[name]]))
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Properties>
}

const message = [
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'contentType',
  'responseTopic',
  'correlationData',
] as const

export function arbitraryPacket(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const five = version === 5
  const codes = (...values: readonly number[]) => fc.constantFrom(...(five ? values : [0]))
  const withMethod = (properties: Properties) =>
    properties.authenticationData === undefined ? properties : { authenticationMethod: 'm', ...properties }

  const connect = fc
    .record({
      type: fc.constant('connect' as const),
      protocolVersion: fc.constant(version),
      bridgeMode: five ? fc.constant(false) : fc.boolean(),
      cleanStart: fc.boolean(),
      keepAlive: uint16,
      clientId: text().map((id) => (five ? id : `c${id}`)),
      will: fc.option(
        fc.record({
          topic,
          payload: data,
          qos,
          retain: fc.boolean(),
          properties: some(version, 'willDelayInterval', ...message),
        }),
        { nil: undefined },
      ),
      username: fc.option(text(), { nil: undefined }),
      password: fc.option(data, { nil: undefined }),
      properties: some(
        version,
        'sessionExpiryInterval',
        'receiveMaximum',
        'maximumPacketSize',
        'topicAliasMaximum',
        'requestResponseInformation',
        'requestProblemInformation',
        'authenticationMethod',
        'authenticationData',
      ).map(withMethod),
    })
    .map((packet) => (five || packet.username !== undefined ? packet : { ...packet, password: undefined }))

  const connack = fc
    .record({
      type: fc.constant('connack' as const),
      sessionPresent: version === 3 ? fc.constant(false) : fc.boolean(),
      reasonCode: five ? fc.constantFrom(0, 0x80, 0x87, 0x9f) : fc.integer({ min: 0, max: 5 }),
      properties: some(
        version,
        'sessionExpiryInterval',
        'receiveMaximum',
        'maximumQos',
        'retainAvailable',
        'maximumPacketSize',
        'assignedClientIdentifier',
        'topicAliasMaximum',
        'reasonString',
        'wildcardSubscriptionAvailable',
        'subscriptionIdentifierAvailable',
        'sharedSubscriptionAvailable',
        'serverKeepAlive',
        'responseInformation',
        'serverReference',
        'authenticationMethod',
        'authenticationData',
      ),
    })
    .map((packet) => (packet.reasonCode === 0 ? packet : { ...packet, sessionPresent: false }))

  const publish = fc
    .record({
      type: fc.constant('publish' as const),
      dup: fc.boolean(),
      qos,
      retain: fc.boolean(),
      topic,
      packetId: packetId as fc.Arbitrary<number | undefined>,
      properties: some(version, ...message, 'topicAlias', 'subscriptionIdentifiers'),
      payload: fc.uint8Array({ maxLength: 300 }),
    })
    .map((packet) => (packet.qos === 0 ? { ...packet, dup: false, packetId: undefined } : packet))

  const acks = (['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map((type) =>
    fc.record({
      type: fc.constant(type),
      packetId,
      reasonCode: type === 'puback' || type === 'pubrec' ? codes(0, 0x10, 0x80, 0x99) : codes(0, 0x92),
      properties: some(version, 'reasonString'),
    }),
  )

  const subscribe = fc.record({
    type: fc.constant('subscribe' as const),
    packetId,
    properties: some(version, 'subscriptionIdentifier'),
    subscriptions: fc.array(
      fc
        .record({
          filter,
          qos,
          noLocal: five ? fc.boolean() : fc.constant(false),
          retainAsPublished: five ? fc.boolean() : fc.constant(false),
          retainHandling: five ? qos : fc.constant(0 as const),
        })
        .map((request) => (request.filter.startsWith('$share/') ? { ...request, noLocal: false } : request)),
      { minLength: 1, maxLength: 5 },
    ),
  })
  const suback = fc.record({
    type: fc.constant('suback' as const),
    packetId,
    reasonCodes: fc.array(fc.constantFrom(0, 1, 2, 0x80, ...(five ? [0x87, 0xa2] : [])), {
      minLength: 1,
      maxLength: 5,
    }),
    properties: some(version, 'reasonString'),
  })
  const unsubscribe = fc.record({
    type: fc.constant('unsubscribe' as const),
    packetId,
    filters: fc.array(filter, { minLength: 1, maxLength: 5 }),
    properties: some(version),
  })
  const unsuback = fc.record({
    type: fc.constant('unsuback' as const),
    packetId,
    reasonCodes: five
      ? fc.array(fc.constantFrom<number>(0, 0x11, 0x8f), { minLength: 1, maxLength: 5 })
      : fc.constant<number[]>([]),
    properties: some(version, 'reasonString'),
  })
  const disconnect = fc.record({
    type: fc.constant('disconnect' as const),
    reasonCode: codes(0, 4, 0x81, 0x8e, 0xa2),
    properties: some(version, 'sessionExpiryInterval', 'reasonString', 'serverReference'),
  })
  const auth = fc.record({
    type: fc.constant('auth' as const),
    reasonCode: fc.constantFrom(0, 0x18, 0x19),
    properties: some(version, 'authenticationData', 'reasonString').map((properties) => ({
      ...properties,
      authenticationMethod: 'm',
    })),
  })

  const any: fc.Arbitrary<Packet> = fc.oneof(
    connect,
    connack,
    publish,
    ...acks,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    fc.constant({ type: 'pingreq' as const }),
    fc.constant({ type: 'pingresp' as const }),
    disconnect,
    ...(five ? [auth] : []),
  )
  // fast-check's records may have no prototype; what is decoded has one.
  return any.map((packet) => structuredClone(packet))
}
