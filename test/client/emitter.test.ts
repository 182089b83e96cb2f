import { expect, test } from 'vitest'
import { Emitter } from '../../src/client/emitter.js'
import { settled } from '../support/virtual-host.js'
import { countedSignal } from './bench.js'

interface Events {
  a: number
  b: string
}

class Heard extends Emitter<Events> {
  readonly failures: unknown[] = []

  failed(error: unknown): void {
    this.failures.push(error)
  }
}

function make() {
  const emitter = new Heard()
  return { failures: emitter.failures, emitter }
}

test('listeners are called in the order in which they came, each for its own event', () => {
  const { emitter } = make()
  const heard: unknown[] = []
  emitter.on('a', (value) => heard.push(['first', value]))
  emitter.on('b', (value) => heard.push(['other', value]))
  emitter.on('a', (value) => heard.push(['second', value]))
  emitter.emit('a', 1)
  expect(heard).toEqual([
    ['first', 1],
    ['second', 1],
  ])
})

test('an event that nobody hears is no error', () => {
  const { emitter, failures } = make()
  emitter.emit('a', 1)
  expect(emitter.has('a')).toBe(false)
  expect(failures).toEqual([])
})

test('a disposer removes its listener and no other, also of one function that was added twice, and works once', () => {
  const { emitter } = make()
  let calls = 0
  const listener = () => calls++
  const dispose = emitter.on('a', listener)
  emitter.on('a', listener)
  dispose()
  dispose()
  emitter.emit('a', 1)
  expect(calls).toBe(1)
})

test('once hears one event, also when it emits the same event itself', () => {
  const { emitter } = make()
  let calls = 0
  emitter.once('a', () => {
    calls++
    emitter.emit('a', 2)
  })
  emitter.emit('a', 1)
  emitter.emit('a', 3)
  expect(calls).toBe(1)
  expect(emitter.has('a')).toBe(false)
})

test('a disposer of once removes it before', () => {
  const { emitter } = make()
  emitter.once('a', () => expect.unreachable())()
  emitter.emit('a', 1)
})

test('a signal removes the listener, and a signal that has aborted adds none', () => {
  const { emitter } = make()
  const controller = new AbortController()
  let calls = 0
  emitter.on('a', () => calls++, { signal: controller.signal })
  emitter.once('a', () => calls++, { signal: controller.signal })
  controller.abort()
  emitter.emit('a', 1)
  emitter.on('a', () => calls++, { signal: controller.signal })
  emitter.emit('a', 1)
  expect(calls).toBe(0)
  expect(emitter.has('a')).toBe(false)
})

test('a disposer leaves nothing on the signal', () => {
  const { emitter } = make()
  const { signal, listening } = countedSignal()
  emitter.on('a', () => {}, { signal })()
  expect(listening()).toBe(0)
})

test('what a listener throws is told, and harms no other listener', () => {
  const { emitter, failures } = make()
  let calls = 0
  emitter.on('a', () => {
    throw new Error('first')
  })
  emitter.on('a', () => calls++)
  emitter.emit('a', 1)
  expect(calls).toBe(1)
  expect(failures).toEqual([new Error('first')])
})

test('what an async listener rejects with is told, too', async () => {
  const { emitter, failures } = make()
  emitter.on('a', async () => {
    throw new Error('later')
  })
  emitter.emit('a', 1)
  await settled()
  expect(failures).toEqual([new Error('later')])
})

test('an emission may bring a guardian of its own, who hears of each failure', () => {
  const { emitter, failures } = make()
  const seen: unknown[] = []
  emitter.on('a', () => 'result')
  emitter.on('a', () => {
    throw new Error('x')
  })
  emitter.emit('a', 1, { failed: (error) => seen.push(error) })
  expect(seen).toEqual([new Error('x')])
  expect(failures).toEqual([])
})

test('listeners that are added or removed during an event change the next one', () => {
  const { emitter } = make()
  const heard: string[] = []
  const dispose = emitter.on('a', () => {
    heard.push('one')
    dispose()
    emitter.on('a', () => heard.push('two'))
  })
  emitter.emit('a', 1)
  expect(heard).toEqual(['one'])
  emitter.emit('a', 1)
  expect(heard).toEqual(['one', 'two'])
})

test('clear removes all, and a disposer from before does no harm after', () => {
  const { emitter } = make()
  const dispose = emitter.on('a', () => expect.unreachable())
  emitter.clear()
  emitter.emit('a', 1)
  let calls = 0
  emitter.on('a', () => calls++)
  dispose()
  emitter.emit('a', 1)
  expect(calls).toBe(1)
})
