import { expect, test } from 'vitest'
import { Cancel, onAbort } from '../../src/client/cancel.js'
import { Pending, unlessAborted } from '../../src/client/pending.js'
import { countedSignal, failure, noUnhandledRejections, state } from './bench.js'

noUnhandledRejections()

test('aborting tells each listener once, with the first reason', () => {
  const cancel = new Cancel()
  const heard: unknown[] = []
  const gone = (): void => void heard.push('gone')
  cancel.addEventListener('abort', () => heard.push(cancel.reason))
  cancel.addEventListener('abort', gone)
  cancel.removeEventListener('abort', gone)
  cancel.abort('first')
  cancel.abort('second')
  expect(heard).toEqual(['first'])
  expect(cancel).toMatchObject({ aborted: true, reason: 'first' })
})

test('a listener hears the reason, also of the standard’s signal and when it is late, until it is told not to', () => {
  const controller = new AbortController()
  const heard: unknown[] = []
  onAbort(controller.signal, (reason) => heard.push(`first ${reason}`))
  onAbort(controller.signal, () => heard.push('stopped'))()
  onAbort(undefined, () => heard.push('never'))()
  controller.abort('why')
  expect(heard).toEqual(['first why'])
  onAbort(controller.signal, (reason) => heard.push(`late ${reason}`))
  expect(heard).toEqual(['first why', 'late why'])
})

test('waiting ends with what comes first: the value, the error, the abort', async () => {
  const cancel = new Cancel()
  expect(await unlessAborted(Promise.resolve(1), cancel)).toBe(1)
  expect(await failure(unlessAborted(Promise.reject('no'), cancel))).toBe('no')
  const waiting = unlessAborted(new Promise(() => {}), cancel)
  expect(await state(waiting)).toBe('pending')
  cancel.abort('stop')
  expect(await failure(waiting)).toBe('stop')
  expect(await failure(unlessAborted(new Promise(() => {}), cancel))).toBe('stop')
})

test('waiting that is over leaves nothing on the signal, and a later error of what it waited for is not unhandled', async () => {
  const { signal, listening } = countedSignal()
  await unlessAborted(Promise.resolve(), signal)
  await state(Promise.resolve())
  expect(listening()).toBe(0)
  const cancel = new Cancel()
  let reject: (error: unknown) => void = () => {}
  const waiting = unlessAborted(
    new Promise((_, no) => {
      reject = no
    }),
    cancel,
  )
  cancel.abort('stop')
  expect(await failure(waiting)).toBe('stop')
  reject(new Error('late'))
})

test('a pending promise is settled once', async () => {
  const pending = new Pending<number>()
  pending.resolve(1)
  pending.resolve(2)
  pending.reject(new Error('late'))
  expect(await pending.promise).toBe(1)
})

test('a pending promise that nobody waits for does not reject into the process', async () => {
  new Pending<number>().reject(new Error('unseen'))
})

test('a signal rejects a pending promise with its reason and tells who would have answered', async () => {
  const controller = new AbortController()
  const cancelled: unknown[] = []
  const pending = new Pending<number>(controller.signal, { cancel: () => cancelled.push('told') })
  controller.abort('enough')
  expect(await failure(pending.promise)).toBe('enough')
  expect(cancelled).toEqual(['told'])
  const late = new Pending<number>(controller.signal, { cancel: () => cancelled.push('told') })
  expect(await failure(late.promise)).toBe('enough')
})

test('a pending promise that is settled leaves nothing on the signal', () => {
  const { signal, listening } = countedSignal()
  new Pending<number>(signal).resolve(1)
  new Pending<number>(signal).reject(1)
  expect(listening()).toBe(0)
})
