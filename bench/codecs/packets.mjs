/**
 * The packets that the codecs are measured with, in our words and in the others'. Many of a kind, which differ in all
 * that differs in life: topics, payloads, identifiers.
 */

/** Different packets of each kind: enough that nobody answers from a cache, few enough that they stay in the processor's. */
const DIFFERENT = 64

/** In the order of their identifiers, as we write them: so all codecs can give the same bytes. */
const SIX_PROPERTIES = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 3_600,
  contentType: 'application/json',
  responseTopic: 'bench/codec/response',
  correlationData: Buffer.from('bench-correlation'),
  userProperties: [['trace', '4bf92f3577b34da6']],
}

/** By the name that a job gives: the packet number so and so, as `encodePacket` takes it. */
const KINDS = {
  PUBLISH: (number, size) => ({
    type: 'publish',
    topic: `bench/codec/${number}`,
    qos: 0,
    dup: false,
    retain: false,
    payload: makePayload(number, size),
    properties: {},
  }),
  'PUBLISH with 6 properties': (number, size) => ({ ...KINDS.PUBLISH(number, size), properties: SIX_PROPERTIES }),
  'SUBSCRIBE of 10 filters': (number) => ({
    type: 'subscribe',
    packetId: 1 + number,
    subscriptions: Array.from({ length: 10 }, (_, at) => ({
      filter: `bench/codec/${number}/${at}/+`,
      qos: at % 3,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    })),
    properties: {},
  }),
  PUBACK: (number) => ({ type: 'puback', packetId: 1_000 + number, reasonCode: 0, properties: {} }),
}

/**
 * @param {string} kind
 * @param {number} [size] Bytes of the payload.
 * @param {number} [different]
 */
export function makePackets(kind, size = 16, different = DIFFERENT) {
  return Array.from({ length: different }, (_, number) => KINDS[kind](number, size))
}

function makePayload(number, size) {
  return Buffer.from(`${number} `.repeat(Math.ceil(size / 2)).slice(0, size))
}

/** As mqtt-packet takes it. */
export function toMqttPacket({ type, packetId, subscriptions, properties, ...rest }) {
  const { userProperties, payloadFormatIndicator, ...others } = properties
  const theirs = {
    ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator: payloadFormatIndicator === 1 }),
    ...others,
    ...(userProperties && { userProperties: Object.fromEntries(userProperties) }),
  }
  return {
    cmd: type,
    ...rest,
    ...(packetId && { messageId: packetId }),
    ...(Object.keys(theirs).length > 0 && { properties: theirs }),
    ...(subscriptions && {
      subscriptions: subscriptions.map(({ filter, qos }) => ({ topic: filter, qos, nl: false, rap: false, rh: 0 })),
    }),
  }
}

/** As u8-mqtt takes it, but for properties: it writes wrong bytes for those of the user. */
export function toU8Packet({ type, packetId, subscriptions, properties, ...rest }) {
  return {
    type,
    ...rest,
    pkt_id: packetId,
    topics: subscriptions?.map(({ filter, qos }) => [filter, { qos }]),
  }
}

/** A PUBLISH that mqtt-packet decoded, in our words. */
export function fromMqttPacket({ topic, payload, qos, dup, retain, properties = {} }) {
  const { payloadFormatIndicator, userProperties, ...others } = properties
  return {
    topic,
    payload,
    qos,
    dup,
    retain,
    properties: {
      ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator: Number(payloadFormatIndicator) }),
      ...others,
      ...(userProperties && { userProperties: Object.entries(userProperties) }),
    },
  }
}

/** A PUBLISH that u8-mqtt decoded, in our words. */
export function fromU8Packet({ topic, payload, qos, dup, retain, props }) {
  const properties = Object.entries(props ?? {}).map(([name, value]) => [
    name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
    name === 'user_properties' ? Object.entries(value) : value,
  ])
  return { topic, payload, qos, dup, retain, properties: Object.fromEntries(properties) }
}
