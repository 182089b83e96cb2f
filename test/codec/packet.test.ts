import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/codec/bytes.js'
import { FROM_ANYONE as EMITTERS } from '../../src/codec/encode.js'
import { encodePacket, type Packet, PacketReader, ProtocolError } from '../../src/codec/index.js'
import { checkFirstByte, measurePacket, writePacket } from '../../src/codec/packet.js'
import { FROM_ANYONE as DECODERS } from '../../src/codec/packet-reader.js'
import { arbitraryPacket } from './support/arbitraries.js'
import { refusesBytes, refusesInput } from './support/tables.js'
import { concat, decode, hex, VERSIONS } from './support/wire.js'
import { ours, VECTORS } from './vectors/emqtt.js'
import { GOLDEN } from './vectors/golden.js'

describe('the vectors of the Erlang client', () => {
  it.each(VECTORS.map((vector, i) => ({ ...vector, i })))('$i: $kind $name, version $version', (vector) => {
    if (vector.kind === 'decode') {
      expect(decode(vector.hex!, vector.version)).toStrictEqual([ours(vector.packet!)])
    } else if (vector.kind === 'encode') {
      expect(hex(encodePacket(ours(vector.packet!), vector.version))).toBe(vector.hex)
    } else if (vector.kind === 'decode-error') {
      expect(() => decode(vector.hex!, vector.version)).toThrow(ProtocolError)
    } else {
      expect(() => encodePacket(ours(vector.packet!), vector.version)).toThrow(/packetId: expected/)
    }
  })
})

describe.each(VERSIONS)('any packet of version %i', (version) => {
  it('is the same after encoding and decoding, and as large as was measured', () => {
    fc.assert(
      fc.property(arbitraryPacket(version), (packet) => {
        const encoded = encodePacket(packet, version)
        expect(measurePacket(packet, version, EMITTERS)).toBe(encoded.length)
        expect(new PacketReader({ protocolVersion: version }).push(encoded)).toStrictEqual([packet])
      }),
      { numRuns: 500 },
    )
  })

  it('comes through a writer as through encodePacket', () => {
    fc.assert(
      fc.property(fc.array(arbitraryPacket(version), { maxLength: 20 }), (packets) => {
        const writer = new Writer()
        for (const packet of packets) writePacket(writer, packet, version, EMITTERS)
        expect(concat(writer.take())).toEqual(concat(packets.map((packet) => encodePacket(packet, version))))
      }),
      { numRuns: 50 },
    )
  })

  it('changed in one byte gives packets or a ProtocolError', () => {
    fc.assert(
      fc.property(arbitraryPacket(version), fc.nat(), fc.integer({ min: 0, max: 255 }), (packet, place, byte) => {
        const encoded = encodePacket(packet, version)
        encoded[place % encoded.length] = byte
        accepts(encoded)
      }),
      { numRuns: 1000 },
    )
  })

  it('cut short and told so gives packets or a ProtocolError', () => {
    fc.assert(
      fc.property(arbitraryPacket(version), fc.nat(), (packet, place) => {
        const encoded = encodePacket(packet, version)
        if (encoded.length > 127) return
        const cut = encoded.slice(0, 2 + (place % (encoded.length - 1)))
        cut[1] = cut.length - 2
        accepts(cut)
      }),
      { numRuns: 1000 },
    )
  })

  function accepts(bytes: Uint8Array): void {
    let packets: Packet[] = []
    try {
      packets = new PacketReader({ protocolVersion: version }).push(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError)
      expect((error as ProtocolError).reasonCode).toBeGreaterThanOrEqual(0x80)
    }
    // What was accepted is something that we would say ourselves.
    for (const packet of packets) {
      encodePacket(packet, packet.type === 'connect' ? packet.protocolVersion : version)
    }
  }
})

describe('measurePacket', () => {
  it('counts the bytes of any packet', () => {
    for (const { packet, version, digits, title } of GOLDEN) {
      expect(measurePacket(packet, version, EMITTERS), title).toBe(digits.length / 2)
      // What was decoded is known to be plain where it is.
      expect(measurePacket(decode(digits, version)[0]!, version, EMITTERS), title).toBe(digits.length / 2)
    }
  })

  it.each([
    [{ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'SC' } }, 9],
    [{ type: 'pingreq' }, 2],
  ] as const)('knows by itself what a client sends: %j', (packet, size) => {
    expect(measurePacket(packet, 5)).toBe(size)
    const writer = new Writer()
    writePacket(writer, packet, 5)
    expect(hex(concat(writer.take()))).toBe(hex(encodePacket(packet, 5)))
  })
})

describe('writePacket', () => {
  it('leaves the writer as it was when it refuses a packet', () => {
    const writer = new Writer()
    writePacket(writer, { type: 'pingreq' }, 5)
    const wrong = { type: 'puback', packetId: 0, reasonCode: 0, properties: {} } as const
    expect(() => writePacket(writer, wrong, 5)).toThrow(RangeError)
    expect(writer.size).toBe(2)
    writePacket(writer, { type: 'pingreq' }, 5)
    expect(hex(concat(writer.take()))).toBe('c000c000')
  })

  it('passes a large payload on by reference', () => {
    const payload = new Uint8Array(20_000)
    const writer = new Writer()
    const packet = { dup: false, qos: 0, retain: false, topic: 'a', packetId: undefined, properties: {} } as const
    writePacket(writer, { type: 'publish', ...packet, payload }, 5)
    expect(writer.size).toBe(measurePacket({ type: 'publish', ...packet, payload }, 5))
    expect(writer.take()[1]).toBe(payload)
  })
})

describe('encodePacket', () => {
  it('gives bytes that stay as they are, whatever is encoded next', () => {
    const encode = () => GOLDEN.map(({ packet, version }) => encodePacket(packet, version))
    const encoded = encode()
    const before = encoded.map(hex)
    for (let i = 0; i < 200; i++) encode()
    expect(encoded.map(hex)).toEqual(before)
  })

  it('goes on when the memory that small packets share was given away', () => {
    const first = encodePacket({ type: 'pingreq' }, 5)
    structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] })
    expect(hex(encodePacket({ type: 'pingreq' }, 5))).toBe('c000')
  })

  it('joins a large payload with what is before it', () => {
    const payload = new Uint8Array(20_000).fill(1)
    expect(encodePacket({ type: 'publish', topic: 'a', payload }, 4)).toHaveLength(1 + 3 + 3 + 20_000)
  })

  const types =
    'connect, connack, publish, puback, pubrec, pubrel, pubcomp, subscribe, suback, unsubscribe, unsuback, pingreq, ' +
    'pingresp, disconnect, auth'
  refusesInput([
    ['an unknown type', VERSIONS, { type: 'hello' }, TypeError, `packet.type: expected one of ${types}, got "hello"`],
    ['no type', VERSIONS, {}, TypeError, `packet.type: expected one of ${types}, got undefined`],
  ])

  it('refuses what is no packet, and other versions', () => {
    expect(() => encodePacket(undefined as never, 5)).toThrow('packet: expected an object, got undefined')
    expect(() => encodePacket(null as never, 5)).toThrow('packet: expected an object, got null')
    expect(() => encodePacket({ type: 'pingreq' }, 6 as never)).toThrow('protocolVersion: expected 3, 4 or 5, got 6')
  })

  it('refuses a packet above the largest Remaining Length (§2.1.4)', () => {
    const payload = Object.create(Uint8Array.prototype, { length: { value: 268_435_455 } })
    expect(() => encodePacket({ type: 'publish', topic: 'a', payload }, 5)).toThrow(RangeError)
  })
})

describe('the first byte', () => {
  it('is held against the one that the standard lists for each type (§2.1.3)', () => {
    const flags: Readonly<Record<number, readonly number[]>> = {
      3: [0, 1, 2, 3, 4, 5, 10, 11, 12, 13],
      6: [2],
      8: [2],
      10: [2],
    }
    for (let first = 0; first < 256; first++) {
      const type = first >> 4
      const valid = type > 0 && (flags[type] ?? [0]).includes(first & 15)
      const check = () => checkFirstByte(first, 5, DECODERS)
      if (valid) expect(check).not.toThrow()
      else expect(check).toThrow(ProtocolError)
    }
  })

  refusesBytes([
    ['type 0', VERSIONS, '00', 0x81, 'fixed header: expected a packet type, got 0'],
    ['type 15 before 5.0', [3, 4], 'f0', 0x81, 'fixed header: expected a packet type, got 15'],
    ['flags of CONNECT', VERSIONS, '11', 0x81, 'connect: expected fixed header flags of 0, got 1'],
  ])
})
