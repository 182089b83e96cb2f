/** CONNECT of 3.1.1 (§3.1), as a client writes it, byte by byte. */

import { describe, expect, test } from 'vitest'
import { encodePacket, type PacketInput } from '../../src/codec/index.js'
import { hex, str } from '../codec/support/wire.js'

type Connect = Partial<Extract<PacketInput, { type: 'connect' }>>

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const encode = (connect: Connect): Uint8Array =>
  encodePacket({ type: 'connect', protocolVersion: 4, clientId: 'c', ...connect }, 4)

/** Fixed header, Protocol Name, Protocol Level; then come the flags, two bytes of Keep Alive, and the payload. */
const FLAGS = 9
const flagsOf = (connect: Connect): number => encode(connect)[FLAGS] as number
const payloadOf = (connect: Connect): string => hex(encode(connect).subarray(FLAGS + 3))

const will = { topic: 'w', payload: bytes('gone'), qos: 0, retain: false } as const

describe('3.1.1: CONNECT', () => {
  test('has the Will Topic and the Will Message where the Will Flag is 1 [MQTT-3.1.2-9]', () => {
    expect(flagsOf({ will }) & 0x04).toBe(0x04)
    expect(payloadOf({ will })).toBe(str('c') + str('w') + str('gone'))
    expect(payloadOf({ will: { ...will, payload: new Uint8Array(0) } })).toBe(`${str('c')}${str('w')}0000`)
  })

  test('has no field of a Will where the Will Flag is 0 [MQTT-3.1.2-11]', () => {
    expect(flagsOf({}) & 0x3c).toBe(0)
    expect(payloadOf({})).toBe(str('c'))
    expect(payloadOf({ username: 'u' })).toBe(str('c') + str('u'))
  })

  test('has a Will QoS of 0 where the Will Flag is 0 [MQTT-3.1.2-13]', () => {
    expect(flagsOf({}) & 0x18).toBe(0)
    expect(flagsOf({ username: 'u', password: bytes('p') }) & 0x18).toBe(0)
  })

  test('has the Will QoS that was asked for, and never 3 [MQTT-3.1.2-14]', () => {
    for (const qos of [0, 1, 2] as const) expect((flagsOf({ will: { ...will, qos } }) & 0x18) >> 3).toBe(qos)
    expect(() => flagsOf({ will: { ...will, qos: 3 as never } })).toThrow(/^connect\.will\.qos: expected /)
  })

  test('has a Will Retain of 0 where the Will Flag is 0 [MQTT-3.1.2-15]', () => {
    expect(flagsOf({}) & 0x20).toBe(0)
    expect(flagsOf({ will: { ...will, retain: true } }) & 0x20, 'which is where it would be').toBe(0x20)
  })

  test('has no user name where its flag is 0 [MQTT-3.1.2-18]', () => {
    expect(flagsOf({}) & 0x80).toBe(0)
    expect(payloadOf({})).toBe(str('c'))
  })

  test('has a user name where its flag is 1, an empty one, too [MQTT-3.1.2-19]', () => {
    for (const username of ['user', '']) {
      expect(flagsOf({ username }) & 0x80).toBe(0x80)
      expect(payloadOf({ username })).toBe(str('c') + str(username))
    }
  })

  test('has no password where its flag is 0 [MQTT-3.1.2-20]', () => {
    expect(flagsOf({ username: 'u' }) & 0x40).toBe(0)
    expect(payloadOf({ username: 'u' })).toBe(str('c') + str('u'))
  })

  test('has a password where its flag is 1, an empty one, too [MQTT-3.1.2-21]', () => {
    for (const password of ['secret', '']) {
      expect(flagsOf({ username: 'u', password: bytes(password) }) & 0x40).toBe(0x40)
      expect(payloadOf({ username: 'u', password: bytes(password) })).toBe(str('c') + str('u') + str(password))
    }
  })

  test('has its reserved flag at 0, whatever else it says [MQTT-3.1.2-3]', () => {
    const all = {
      will: { ...will, qos: 2, retain: true },
      username: 'u',
      password: bytes('p'),
      cleanStart: true,
    } as const
    expect(flagsOf(all)).toBe(0b1111_0110)
  })

  test('has its payload in the order of the standard [MQTT-3.1.3-1]', () => {
    expect(payloadOf({ will, username: 'u', password: bytes('p') })).toBe(
      str('c') + str('w') + str('gone') + str('u') + str('p'),
    )
  })

  test('begins its payload with the Client Identifier, an empty one, too [MQTT-3.1.3-3]', () => {
    expect(payloadOf({ clientId: 'first', username: 'u' })).toBe(str('first') + str('u'))
    expect(payloadOf({ clientId: '', username: 'u' })).toBe(`0000${str('u')}`)
  })

  test('has each text in UTF-8: the Client Identifier [MQTT-3.1.3-4]', () => {
    expect(payloadOf({ clientId: 'ä😀' })).toBe('0006c3a4f09f9880')
    expect(() => encode({ clientId: 'a\ud800' })).toThrow(/^connect\.clientId: expected text/)
  })

  test('has each text in UTF-8: the Will Topic [MQTT-3.1.3-10]', () => {
    expect(payloadOf({ will: { ...will, topic: 'ä😀' } })).toBe(`${str('c')}0006c3a4f09f9880${str('gone')}`)
    expect(() => encode({ will: { ...will, topic: 'a\ud800' } })).toThrow(/^connect\.will\.topic: expected text/)
  })

  test('has each text in UTF-8: the user name [MQTT-3.1.3-11]', () => {
    expect(payloadOf({ username: 'ä😀' })).toBe(`${str('c')}0006c3a4f09f9880`)
    expect(() => encode({ username: 'a\ud800' })).toThrow(/^connect\.username: expected text/)
  })
})
