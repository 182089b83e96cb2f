/** Enhanced authentication (§4.12) with an application's own method, each step seen by the server. */

import { describe, expect, test } from 'vitest'
import { type Authenticator, Client, connect } from '../../platform/node/index.js'
import { startMosquitto } from '../support/mosquitto.js'
import { type Conversation, type Peer, startPeer } from './peer.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array | undefined): string => Buffer.from(data ?? []).toString()
const said = ({ properties }: { properties: { authenticationMethod?: string; authenticationData?: Uint8Array } }) => [
  properties.authenticationMethod,
  text(properties.authenticationData),
]

/** Answers `hello` with `hello`, a challenge with itself in capitals, and notes what it heard. */
function echo(notes: string[]): Authenticator {
  return {
    method: 'ECHO',
    start: () => bytes('hello'),
    next: async (data) => bytes(text(data).toUpperCase()),
    finish: (data) => void notes.push(text(data)),
  }
}

async function authenticate(peer: Peer, client: Client): Promise<Conversation> {
  const connecting = client.connect()
  const server = await peer.conversation()
  expect(said(await server.next('connect'))).toEqual(['ECHO', 'hello'])
  const properties = { authenticationMethod: 'ECHO', authenticationData: bytes('who?') }
  server.send({ type: 'auth', reasonCode: 0x18, properties })
  const answer = await server.next('auth')
  expect(answer.reasonCode).toBe(0x18)
  expect(said(answer)).toEqual(['ECHO', 'WHO?'])
  server.send({ type: 'connack', properties: { ...properties, authenticationData: bytes('welcome') } })
  expect((await connecting).properties.authenticationMethod).toBe('ECHO')
  return server
}

describe('enhancedAuth', () => {
  test('starts in CONNECT, answers challenges, and hears the last word of the server', async () => {
    await using peer = await startPeer()
    const notes: string[] = []
    await using client = new Client({ url: peer.url, protocolVersion: 5, enhancedAuth: echo(notes), reconnect: false })
    await authenticate(peer, client)
    expect(notes).toEqual(['welcome'])
    expect(text(client.info.connack?.properties.authenticationData)).toBe('welcome')
  })

  test('with a method that mosquitto does not know is refused with 0x8C', async () => {
    await using broker = await startMosquitto()
    const options = { protocolVersion: 5, enhancedAuth: echo([]), reconnect: false } as const
    await expect(connect(broker.urls.mqtt, options)).rejects.toMatchObject({ reasonCode: 0x8c })
  })

  test('is needed for its properties, which CONNECT is not given otherwise, and is for 5.0 only', () => {
    for (const properties of [{ authenticationMethod: 'x' }, { authenticationData: bytes('x') }]) {
      const options = { protocolVersion: 5, properties } as object
      expect(() => new Client(options)).toThrow(/properties\.authenticationMethod: .*enhancedAuth/)
    }
    expect(() => new Client({ protocolVersion: 4, enhancedAuth: echo([]) })).toThrow(/enhancedAuth/)
    const { next, ...partial } = echo([])
    expect(() => new Client({ protocolVersion: 5, enhancedAuth: partial as Authenticator })).toThrow(/enhancedAuth/)
  })

  test('of a server that asks twice is answered twice, and an empty answer is none', async () => {
    await using peer = await startPeer()
    const enhancedAuth = { method: 'm', start: () => undefined, next: () => undefined }
    await using client = new Client({ url: peer.url, protocolVersion: 5, enhancedAuth, reconnect: false })
    const connecting = client.connect()
    const server = await peer.conversation()
    expect((await server.next('connect')).properties).toMatchObject({ authenticationMethod: 'm' })
    for (let n = 0; n < 2; n++) {
      server.send({ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'm' } })
      expect((await server.next('auth')).properties.authenticationData).toBeUndefined()
    }
    server.send({ type: 'connack', properties: { authenticationMethod: 'm' } })
    await connecting
  })

  test('ends the connection when the server answers with another method', async () => {
    await using peer = await startPeer()
    const client = new Client({ url: peer.url, protocolVersion: 5, enhancedAuth: echo([]), reconnect: false })
    const failed = client.connect().catch((error: Error) => error)
    const server = await peer.conversation()
    await server.next('connect')
    server.send({ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'OTHER' } })
    expect(await server.next('disconnect')).toMatchObject({ reasonCode: 0x82 })
    expect(String(await failed)).toContain('authenticationMethod')
  })
})

describe('reauthenticate', () => {
  test('resolves on success, with the authenticator of before or with another of its method', async () => {
    await using peer = await startPeer()
    const notes: string[] = []
    await using client = new Client({ url: peer.url, protocolVersion: 5, enhancedAuth: echo(notes), reconnect: false })
    const server = await authenticate(peer, client)
    const success = { type: 'auth', reasonCode: 0, properties: { authenticationMethod: 'ECHO' } } as const
    const again = client.reauthenticate()
    const first = await server.next('auth')
    expect([first.reasonCode, ...said(first)]).toEqual([0x19, 'ECHO', 'hello'])
    server.send(success)
    await again

    const other = client.reauthenticate({ ...echo(notes), start: () => bytes('fresh') })
    const second = await server.next('auth')
    expect([second.reasonCode, ...said(second)]).toEqual([0x19, 'ECHO', 'fresh'])
    server.send(success)
    await other
    await expect(client.reauthenticate({ ...echo(notes), method: 'OTHER' })).rejects.toThrow(/method/)
    expect(notes).toEqual(['welcome', '', ''])
  })

  test('that the server does not answer is an AckTimeoutError', async () => {
    await using peer = await startPeer()
    const enhancedAuth = echo([])
    const options = { protocolVersion: 5, enhancedAuth, ackTimeout: 150, reconnect: false } as const
    await using client = new Client({ url: peer.url, ...options })
    const server = await authenticate(peer, client)
    await expect(client.reauthenticate()).rejects.toMatchObject({ name: 'AckTimeoutError' })
    await server.next('auth')
  })
})
