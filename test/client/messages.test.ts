import { expect, test } from 'vitest'
import { Message, Receipt } from '../../src/client/messages.js'
import type { Publish } from '../../src/codec/packets/publish.js'
import { settled } from '../support/virtual-host.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function packet(payload: Uint8Array, more: Partial<Publish> = {}): Publish {
  return {
    type: 'publish',
    dup: false,
    qos: 1,
    retain: true,
    topic: 't',
    packetId: 4,
    properties: { contentType: 'x' },
    payload,
    ...more,
  }
}

function receipt(automatic = true) {
  const settled: number[] = []
  const errors: unknown[] = []
  let finished = 0
  return {
    settled,
    errors,
    finished: () => finished,
    receipt: new Receipt(
      {
        automatic,
        acknowledge: (_delivery, code) => settled.push(code),
        finished: () => finished++,
        raise: (error) => errors.push(error),
      },
      { packetId: 4, qos: 1, connection: 1, ack: undefined, answered: false, released: false },
    ),
  }
}

test('a message has what its PUBLISH had', () => {
  const message = new Message(packet(bytes('{"a":1}'), { dup: true }), receipt().receipt)
  expect(message).toMatchObject({
    topic: 't',
    qos: 1,
    retain: true,
    dup: true,
    packetId: 4,
    properties: { contentType: 'x' },
  })
  expect(message.text()).toBe('{"a":1}')
  expect(message.json()).toEqual({ a: 1 })
})

test('json throws a SyntaxError for what is no JSON, and text replaces what is no UTF-8', () => {
  expect(() => new Message(packet(bytes('nope')), receipt().receipt).json()).toThrow(SyntaxError)
  expect(new Message(packet(new Uint8Array([0x61, 0xff])), receipt().receipt).text()).toBe('a\ufffd')
})

test('a message is settled when the last who works on it is done', () => {
  const { receipt: book, settled } = receipt()
  book.begin()
  book.begin()
  book.done()
  book.done()
  expect(settled).toEqual([])
  book.done()
  expect(settled).toEqual([0])
})

test('a failure is told and refuses the message, with 0x80, once all are done', async () => {
  const { receipt: book, settled: codes, errors } = receipt()
  const message = new Message(packet(bytes('')), book)
  book.call(() => Promise.reject(new Error('x')), message)
  book.call(() => Promise.resolve(), message)
  book.call(() => 'no promise', message)
  book.done()
  await settled()
  expect(codes).toEqual([0x80])
  expect(errors).toEqual([new Error('x')])
})

test('a rejection without a reason is an error all the same', async () => {
  const { receipt: book, settled: codes, errors } = receipt()
  const message = new Message(packet(bytes('')), book)
  book.call(() => Promise.reject(), message)
  book.done()
  await settled()
  expect(codes).toEqual([0x80])
  expect(errors).toHaveLength(1)
})

test('without autoAck nobody but the application settles', () => {
  const { receipt: book, settled } = receipt(false)
  book.done()
  expect(settled).toEqual([])
  new Message(packet(bytes('')), book).ack(0x10)
  expect(settled).toEqual([0x10])
})
