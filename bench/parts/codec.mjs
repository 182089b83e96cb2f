/** The codecs alone: bytes to packets and packets to bytes. */

const KIB = 1_024
/** What a socket gives where much waits, and what comes in one packet of Ethernet. */
const FULL_CHUNK = 64 * KIB
const PIECE = 1_460

const NAMES = { 4: '3.1.1', 5: '5.0' }

const ALL = ['emqtt', 'mqtt-packet', 'u8-mqtt', 'limit']
/** Not u8-mqtt, which writes wrong bytes for a User Property, and has no other way than an array for each packet. */
const WITHOUT_U8 = ['emqtt', 'mqtt-packet', 'limit']

/** Decoding: the job, and the least that we want of mqtt-packet's rate. */
const DECODING = [
  ...[4, 5].flatMap((protocolVersion) =>
    [16, 256].map((size) => decoding('PUBLISH', { size, protocolVersion, chunkSize: FULL_CHUNK }, 5)),
  ),
  decoding('PUBLISH with 6 properties', { size: 16, protocolVersion: 5, chunkSize: FULL_CHUNK }, 6),
  decoding('PUBLISH', { size: 16, protocolVersion: 5, chunkSize: PIECE }, 5),
  decoding('PUBLISH', { size: 256, protocolVersion: 5, chunkSize: PIECE }, 2),
  decoding('PUBLISH', { size: 16 * KIB, protocolVersion: 5, chunkSize: PIECE }, 1.2),
]

/**
 * Encoding, as `emqtt/codec` does it, each packet into an array of its own, and as a client does it, one after the other.
 * PUBACK in 3.1.1: in 5.0 mqtt-packet writes a Reason Code and a length of properties that may be left out.
 */
const ENCODING = [
  encoding('PUBLISH', 5, 4, ALL),
  encoding('SUBSCRIBE of 10 filters', 5, 5, ALL),
  encoding('PUBACK', 4, 4, ALL),
  encoding('PUBLISH with 6 properties', 5, 8, WITHOUT_U8),
].flat()

function decoding(kind, job, least) {
  const pieces = job.chunkSize === PIECE ? ', from pieces of 1,460 B' : ''
  const name = `decode ${kind}, ${job.size} B, ${NAMES[job.protocolVersion]}${pieces}`
  return { name, least, program: 'decode', job: { kind, ...job }, contenders: ALL }
}

function encoding(kind, protocolVersion, least, contenders) {
  const job = { kind, size: 16, protocolVersion }
  const name = `encode ${kind}, ${NAMES[protocolVersion]}`
  return [
    { name: `${name}, an array each`, least, program: 'encode', job, contenders },
    { name: `${name}, in a row`, least, program: 'append', job, contenders: WITHOUT_U8 },
  ]
}

/** @type {import('../part.mjs').Part} */
export const codec = {
  title: 'Codec',
  says: 'packets per second, decoded and encoded, without any I/O',
  cases: [...DECODING, ...ENCODING].map(({ name, program, job, contenders }) => ({
    name: `codec/${name}`,
    program,
    contenders: Object.fromEntries(contenders.map((contender) => [contender, { codec: contender, ...job }])),
  })),
  rows: [...DECODING, ...ENCODING].map(({ name, least }) => ({
    name,
    unit: 'packets/s',
    case: `codec/${name}`,
    figure: 'rate',
    target: { least, of: 'mqtt-packet' },
  })),
}
