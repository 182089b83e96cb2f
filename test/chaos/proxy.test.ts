import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Client } from '../../platform/node/index.js'
import { startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { type End, type Fate, planFates } from './plan.js'
import { type ChaosProxy, startChaosProxy } from './proxy.js'
import { countTimers, describeLeaks } from './resources.js'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** A proxy, and both ends of a connection through it. */
async function connection(fates: readonly Fate[]): Promise<{ proxy: ChaosProxy; client: Socket; server: Socket }> {
  const sockets: Socket[] = []
  const listener = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket.on('error', () => {})))
  const port = await freePort()
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const proxy = await startChaosProxy(port, fates)
  const accepted = once(listener, 'connection')
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  const [server] = (await accepted) as [Socket]
  client.on('error', () => {})
  open.push(
    async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => listener.close(done))
    },
    () => proxy.close(),
    async () => client.destroy(),
  )
  return { proxy, client, server }
}

/** What comes until the end or the break of the connection. */
async function all(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  await new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()))
  return text
}

function fate(end: End, at: number): Fate {
  return { direction: 'up', at, end, troubles: [] }
}

describe('the proxy', () => {
  test('passes on all bytes and the end, in both directions, where nothing is planned', async () => {
    const { client, server } = await connection([])
    client.end('to the broker')
    expect(await all(server)).toBe('to the broker')
    server.end('to the client')
    expect(await all(client)).toBe('to the client')
  })

  for (const end of ['close', 'half-close'] as const) {
    test(`passes on no byte more than planned: ${end}`, async () => {
      const { proxy, client, server } = await connection([fate(end, 5)])
      client.write('0123456789')
      expect(await all(server)).toBe('01234')
      expect(proxy.cuts).toBe(1)
      await proxy.over
    })
  }

  test('after a half-close, still passes on what comes from the other end', async () => {
    const { client, server } = await connection([fate('half-close', 5)])
    client.write('0123456789')
    await all(server)
    server.end('answer')
    expect(await all(client)).toBe('answer')
  })

  test('a reset breaks both ends, and is told as one to the client', async () => {
    const { client, server } = await connection([fate('reset', 5)])
    const told = once(client, 'error')
    const ended = all(server)
    client.resume().write('0123456789')
    expect((await told)[0].code).toBe('ECONNRESET')
    expect('01234').toContain(await ended)
  })

  test('passes on all bytes in order through splits, stalls and delays', async () => {
    const troubles = (['split', 'stall', 'delay'] as const).map((kind, index) => ({
      ...{ direction: 'up' as const, kind, at: index * 10, count: 7, ms: 2 },
    }))
    const { client, server } = await connection([{ direction: 'up', at: 90, end: 'close', troubles }])
    const text = Array.from({ length: 100 }, (_, index) => String(index % 10)).join('')
    client.write(text)
    const pieces: string[] = []
    server.on('data', (piece) => pieces.push(String(piece)))
    expect(await all(server)).toBe(text.slice(0, 90))
    // Not all of them, because the system may have joined some.
    expect(pieces.filter(({ length }) => length === 1).length).toBeGreaterThan(2)
  })

  test('a connection that ends by itself leaves its fate to the next', async () => {
    const { proxy, client, server } = await connection([fate('close', 5)])
    client.end('012')
    await all(server)
    server.end()
    await all(client)
    while (proxy.left > 0) await new Promise((resolve) => setImmediate(resolve))
    const next = connect({ port: proxy.port, host: '127.0.0.1' })
    next.on('error', () => {}).resume()
    next.write('0123456789')
    await proxy.over
    next.destroy()
  })

  test('the same seed plans the same, another one does not', () => {
    const plan = {
      cuts: 10,
      messages: 1000,
      qos: 1,
      protocolVersion: 5,
      broker: 'mosquitto',
      early: true,
      restarts: 0,
    } as const
    const fatesOf = (seed: number): Fate[] =>
      planFates({ ...plan, seed, victims: ['writer', 'reader'], patience: 0 }, 'reader')
    expect(fatesOf(1)).toEqual(fatesOf(1))
    expect(fatesOf(1)).not.toEqual(fatesOf(2))
    expect(fatesOf(1)).toHaveLength(5)
  })
})

describe('what a client leaves behind', () => {
  for (const protocolVersion of [4, 5] as const) {
    test(`all promises settle, and nothing stays open, when it stops while nothing passes: version ${protocolVersion}`, async () => {
      await using broker = await startMosquitto()
      const proxy = await startChaosProxy(broker.ports.mqtt, [])
      const before = countTimers()
      const client = new Client({ url: `mqtt://127.0.0.1:${proxy.port}`, protocolVersion, cleanStart: false })
      await client.connect()
      proxy.swallow()
      const promises = [
        client.publish('a', '0', { qos: 1 }),
        client.publish('a', '1', { qos: 2 }),
        client.subscribe('b', () => {}),
        client.unsubscribe('c'),
        client.ping(),
      ]
      const settled = Promise.allSettled(promises)
      await client.stop()
      expect((await settled).map(({ status }) => status)).toEqual(promises.map(() => 'rejected'))
      expect(await describeLeaks(before, [proxy])).toEqual([])
      await proxy.close()
    })
  }

  test('a socket and timers that stay open are told of', async () => {
    const { proxy } = await connection([])
    const before = countTimers()
    // Several: the runner has timers of its own, which come and go.
    const timers = Array.from({ length: 10 }, () => setTimeout(() => {}, 60_000))
    const leaks = await describeLeaks(before, [proxy], 50)
    for (const timer of timers) clearTimeout(timer)
    const told = [
      'a stopped client left 1 connections open',
      expect.stringMatching(/^stopped clients left \d+ timers$/),
    ]
    expect(leaks).toEqual(told)
  })
})
