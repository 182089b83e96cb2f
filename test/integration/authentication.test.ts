/** Enhanced authentication by SCRAM against a real broker: packet by packet, by the client, and with servers that are false. */

import { once } from 'node:events'
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Authenticator, ConnectError, connect, MqttError } from '../../platform/node/index.js'
import { type ScramMechanism, scram } from '../../platform/scram/index.js'
import { encodePacket, type Packet, type PacketInput, PacketReader } from '../../src/codec/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { type ScramPluginOptions, scramPlugin } from '../support/scram-plugin.js'
import { ScramServer } from '../support/scram-server.js'

const MECHANISMS: readonly ScramMechanism[] = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
const KNOWN = { username: 'ann', password: 'correct horse' }
const OTHER = { username: 'bob,=ß', password: 'pa,ss=wörd' }
const WRONG = { ...KNOWN, password: 'wrong horse' }

async function startBroker(options: Partial<ScramPluginOptions> = {}): Promise<Mosquitto> {
  const users = Object.fromEntries([KNOWN, OTHER].map(({ username, password }) => [username, password]))
  return startMosquitto({ config: await scramPlugin({ users, ...options }) })
}

/** A socket that is spoken to in packets. */
function packetsOf(socket: Socket) {
  const reader = new PacketReader()
  const chunks = socket[Symbol.asyncIterator]()
  const received: Packet[] = []
  return {
    send(packet: PacketInput): void {
      socket.write(encodePacket(packet, 5))
    },
    async receive<T extends Packet['type']>(type: T): Promise<Extract<Packet, { type: T }>> {
      while (received.length === 0) {
        const { done, value } = await chunks.next()
        if (done) throw new Error(`expected ${type}, and the connection was closed`)
        received.push(...reader.push(value))
      }
      const packet = received.shift()
      if (packet?.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(packet)}`)
      return packet as Extract<Packet, { type: T }>
    },
  }
}

/** A server that does to each connection what a test says. */
async function startServer(serve: (peer: ReturnType<typeof packetsOf>) => Promise<void>) {
  const failures: unknown[] = []
  const server = createServer((socket) => {
    serve(packetsOf(socket))
      .catch((error) => failures.push(error))
      // What still comes is read, so that the end is seen.
      .finally(() => socket.resume())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failures,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** The connection is refused, and not tried again. */
async function refusal(url: string, enhancedAuth: Authenticator): Promise<ConnectError> {
  const error = await connect(url, { protocolVersion: 5, enhancedAuth }).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(ConnectError)
  return error as ConnectError
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('packet by packet', () => {
  test.each(MECHANISMS)('mosquitto takes the proof of %s, and another on the same connection', async (mechanism) => {
    await using broker = await startBroker()
    const socket = openSocket(broker.ports.mqtt, '127.0.0.1')
    try {
      const peer = packetsOf(socket)
      const client = scram(mechanism, KNOWN)
      const properties = async (authenticationData: ReturnType<Authenticator['start']>) => ({
        authenticationMethod: mechanism,
        authenticationData: await authenticationData,
      })
      const first = await properties(client.start())
      peer.send({ type: 'connect', protocolVersion: 5, clientId: 'packets', properties: first })
      const challenge = await peer.receive('auth')
      expect(challenge).toMatchObject({ reasonCode: 0x18, properties: { authenticationMethod: mechanism } })
      const proof = await properties(client.next(challenge.properties.authenticationData))
      peer.send({ type: 'auth', reasonCode: 0x18, properties: proof })
      const connack = await peer.receive('connack')
      expect(connack).toMatchObject({ reasonCode: 0, properties: { authenticationMethod: mechanism } })
      await client.finish?.(connack.properties.authenticationData)

      peer.send({ type: 'auth', reasonCode: 0x19, properties: await properties(client.start()) })
      const again = await peer.receive('auth')
      expect(again.reasonCode).toBe(0x18)
      const proofAgain = await properties(client.next(again.properties.authenticationData))
      peer.send({ type: 'auth', reasonCode: 0x18, properties: proofAgain })
      const success = await peer.receive('auth')
      expect(success.reasonCode).toBe(0)
      await client.finish?.(success.properties.authenticationData)
    } finally {
      socket.destroy()
    }
  })
})

describe('mosquitto', () => {
  for (const final of ['success', 'continue'] as const) {
    const where = final === 'success' ? 'with its success' : 'in an AUTH of its own'
    test.each(MECHANISMS)(`takes %s over TCP and WebSocket, and proves itself ${where}`, async (mechanism) => {
      await using broker = await startBroker({ final })
      for (const credentials of [KNOWN, OTHER]) {
        for (const url of [broker.urls.mqtt, broker.urls.ws]) {
          const enhancedAuth = scram(mechanism, credentials)
          await using client = await connect(url, { protocolVersion: 5, enhancedAuth, reconnect: false })
          const messages = await client.subscribe('a', { qos: 2 })
          await client.publish('a', 'proven', { qos: 2 })
          expect((await messages.next()).value?.text()).toBe('proven')
        }
      }
    })
  }

  test('refuses a wrong password and an unknown user with 0x87', async () => {
    await using broker = await startBroker()
    for (const credentials of [WRONG, { ...KNOWN, username: 'eve' }]) {
      const error = await refusal(broker.urls.mqtt, scram('SCRAM-SHA-256', credentials))
      expect(error).toMatchObject({ reasonCode: 0x87, code: 'NOT_AUTHORIZED', phase: 'connack', retryable: false })
      expect(String(error)).not.toContain(credentials.password)
    }
  })

  test('refuses a method that it does not know with 0x8C', async () => {
    await using broker = await startBroker()
    const unknown = { method: 'SCRAM-SHA-256-PLUS', start: () => new Uint8Array(1), next: () => undefined }
    const error = await refusal(broker.urls.mqtt, unknown)
    expect(error).toMatchObject({ reasonCode: 0x8c, code: 'BAD_AUTHENTICATION_METHOD', retryable: false })
  })

  test('takes re-authentications while messages flow, and by another user', async () => {
    await using broker = await startBroker()
    const enhancedAuth = scram('SCRAM-SHA-256', KNOWN)
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5, enhancedAuth, reconnect: false })
    const messages = await client.subscribe('a', { qos: 1 })
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const [, published] = await Promise.all([client.reauthenticate(), client.publish('a', 'meanwhile', { qos: 1 })])
    expect(published.reasonCode).toBe(0)
    expect((await messages.next()).value?.text()).toBe('meanwhile')
    // The salt is the same, and so is what was made of it.
    expect(derive).not.toHaveBeenCalled()
    await client.reauthenticate(scram('SCRAM-SHA-256', OTHER))
    expect(derive).toHaveBeenCalledTimes(1)
    await client.publish('a', 'afterwards', { qos: 1 })
    expect((await messages.next()).value?.text()).toBe('afterwards')
  })

  test('ends the connection when a re-authentication fails', async () => {
    await using broker = await startBroker()
    const enhancedAuth = scram('SCRAM-SHA-256', KNOWN)
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5, enhancedAuth, reconnect: false })
    const lost = new Promise((resolve) => client.on('disconnect', resolve))
    // Where a DISCONNECT belongs, mosquitto 2.0.11 sends a second CONNACK.
    const refused = { name: 'RefusedError', reasonCode: 0x87, code: 'NOT_AUTHORIZED', retryable: false }
    await expect(client.reauthenticate(scram('SCRAM-SHA-256', WRONG))).rejects.toMatchObject(refused)
    expect(await lost).toMatchObject({ error: refused, retry: false })
  })

  test('is given a proof anew by a client that reconnects, without the work of its iterations', async () => {
    await using broker = await startBroker()
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const asked: string[] = []
    const enhancedAuth = scram('SCRAM-SHA-256', {
      username: () => KNOWN.username,
      password: async () => {
        asked.push('password')
        return KNOWN.password
      },
    })
    const reconnect = { minDelay: 20, maxDelay: 100 }
    await using client = await connect(broker.urls.mqtt, { protocolVersion: 5, enhancedAuth, reconnect })
    const again = new Promise((resolve) => client.on('connect', resolve))
    await broker.stop()
    await broker.start()
    await again
    expect((await client.publish('a', 'b', { qos: 1 })).reasonCode).toBeLessThan(0x80)
    expect(asked.length).toBe(2)
    expect(derive).toHaveBeenCalledTimes(1)
  })
})

describe('a server that is not who it should be', () => {
  test.each([
    ['whose signature is wrong', { final: 'wrong' }, 'SCRAM_SERVER_SIGNATURE'],
    ['that shows no signature', { final: 'missing' }, 'SCRAM_SERVER_UNPROVEN'],
    ['that wants the proof cheaply', { iterations: 1000 }, 'SCRAM_ITERATIONS'],
  ] as const)('%s is refused', async (_, options, code) => {
    await using broker = await startBroker(options)
    const error = await refusal(broker.urls.mqtt, scram('SCRAM-SHA-256', KNOWN))
    expect(error).toMatchObject({ code, phase: 'authentication', retryable: false })
  })

  test('gets no message when it accepts without a word', async () => {
    const after: string[] = []
    await using server = await startServer(async (peer) => {
      await peer.receive('connect')
      peer.send({ type: 'connack', properties: { authenticationMethod: 'SCRAM-SHA-256' } })
      // If anything comes, it is not a DISCONNECT or the end, and this fails the test.
      after.push((await peer.receive('disconnect')).type)
    })
    const enhancedAuth = scram('SCRAM-SHA-256', KNOWN)
    const error = await refusal(server.url, enhancedAuth)
    expect(error).toMatchObject({ code: 'SCRAM_SERVER_UNPROVEN', phase: 'authentication', retryable: false })
    for (const failure of server.failures) expect(String(failure)).toContain('the connection was closed')
  })

  test('is left when it fails to prove itself in a re-authentication', async () => {
    await using server = await startServer(async (peer) => {
      const properties = (data: Uint8Array) => ({ authenticationMethod: 'SCRAM-SHA-256', authenticationData: data })
      const answer = async (scramServer: ScramServer, first: Uint8Array | undefined) => {
        peer.send({ type: 'auth', reasonCode: 0x18, properties: properties(scramServer.first(first)) })
        return scramServer.final((await peer.receive('auth')).properties.authenticationData)
      }
      const connectPacket = await peer.receive('connect')
      const before = await answer(new ScramServer('SCRAM-SHA-256', KNOWN), connectPacket.properties.authenticationData)
      peer.send({ type: 'connack', properties: properties(before) })
      const anew = await peer.receive('auth')
      expect(anew.reasonCode).toBe(0x19)
      await answer(new ScramServer('SCRAM-SHA-256', KNOWN), anew.properties.authenticationData)
      // What was right a moment ago is not, now.
      peer.send({ type: 'auth', reasonCode: 0, properties: properties(before) })
      // [MQTT-4.12.1-2]
      expect((await peer.receive('disconnect')).reasonCode).toBe(0x80)
    })
    const enhancedAuth = scram('SCRAM-SHA-256', KNOWN)
    await using client = await connect(server.url, { protocolVersion: 5, enhancedAuth })
    const stopped = new Promise((resolve) => client.on('disconnect', resolve))
    const refused = { code: 'SCRAM_SERVER_SIGNATURE', phase: 'authentication', retryable: false }
    await expect(client.reauthenticate()).rejects.toMatchObject(refused)
    expect(await stopped).toMatchObject({ error: expect.objectContaining(refused) })
    expect(server.failures).toEqual([])
  })
})

test('a re-authentication rejects with the reason for which the server ended the connection', async () => {
  const properties = { authenticationMethod: 'x' }
  await using server = await startServer(async (peer) => {
    await peer.receive('connect')
    peer.send({ type: 'connack', properties })
    await peer.receive('auth')
    peer.send({ type: 'disconnect', reasonCode: 0x87 })
  })
  const enhancedAuth = { method: 'x', start: () => undefined, next: () => undefined }
  await using client = await connect(server.url, { protocolVersion: 5, enhancedAuth, reconnect: false })
  await expect(client.reauthenticate()).rejects.toMatchObject({ reasonCode: 0x87, retryable: false })
})

test('connect rejects with a ConnectError when the authenticator cannot start', async () => {
  await using server = await startServer(async () => {})
  for (const cause of [new Error('no key'), new MqttError('no', { code: 'NO', phase: 'authentication' })]) {
    const enhancedAuth = { method: 'x', start: () => Promise.reject(cause), next: () => undefined }
    await expect(refusal(server.url, enhancedAuth)).resolves.toMatchObject({ phase: 'authentication', cause })
  }
})
