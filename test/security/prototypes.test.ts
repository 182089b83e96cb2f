/** No name that somebody else chose reaches a prototype: `__proto__` and its like are data, or are refused by name. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatter } from '../../cli/format.js'
import { fileStore } from '../../platform/node/file-store/index.js'
import { Client } from '../../platform/node/index.js'
import { nodePlatform } from '../../platform/node/platform.js'
import { scram } from '../../platform/scram/index.js'
import { encodePacket, type Packet, type PacketInput, PacketReader } from '../../src/codec/index.js'
import { CoreClient } from '../../src/index.js'
import { connected, granted, publish } from '../client/bench.js'
import { serveTls } from '../integration/servers.js'
import { MemoryStore } from '../support/memory-store.js'
import { VirtualHost } from '../support/virtual-host.js'

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'] as const

/** As it comes from a file or a form: `__proto__` is a name like others. */
const parsed = (name: string, value: unknown) => JSON.parse(JSON.stringify({ x: value }).replace('"x"', `"${name}"`))

const PROTOTYPES = [Object, Array, Function, Map, Set, Error, Uint8Array, Promise].map(({ prototype }) => prototype)
const shape = () =>
  PROTOTYPES.flatMap((prototype) => [
    Object.getPrototypeOf(prototype),
    ...Reflect.ownKeys(prototype).flatMap((key) => {
      const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor
      return [key, value, get, set]
    }),
  ])
let before: unknown[]

beforeEach(() => {
  before = shape()
})
afterEach(() => {
  const after = shape()
  expect(after.length).toBe(before.length)
  expect(after.filter((part, at) => !Object.is(part, before[at]))).toEqual([])
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

describe.each(NAMES)('%s', (name) => {
  it('as a User Property is a name like others, in every packet, both ways', () => {
    const userProperties: [string, string][] = [
      [name, 'polluted'],
      [name, 'again'],
    ]
    const properties = { userProperties }
    const packets = [
      { type: 'publish', topic: name, properties },
      { type: 'connack', properties },
      { type: 'suback', packetId: 1, reasonCodes: [0], properties },
      { type: 'disconnect', properties },
      { type: 'auth', reasonCode: 0, properties: { ...properties, authenticationMethod: name } },
    ] as const
    for (const packet of packets) {
      const [read] = new PacketReader().push(encodePacket(packet as PacketInput, 5)) as [
        Extract<Packet, { type: 'publish' }>,
      ]
      expect(read.properties.userProperties).toEqual(userProperties)
    }
  })

  it('is printed as data by --format json', async () => {
    const given = await connected({ protocolVersion: 5 })
    const lines: string[] = []
    const print = formatter({ format: 'json', print: undefined, verbose: false }, false)
    await granted(
      given,
      given.client.subscribe('#', (message) => void lines.push(Buffer.from(print(message)).toString())),
    )
    given.peer.send(publish(name, 'x', 0, undefined, { properties: { userProperties: [[name, 'v']] } }))
    await given.host.advance(0)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { topic: name, properties: { userProperties: [[name, 'v']] } },
    ])
    expect(Object.keys(JSON.parse(lines[0] as string).properties)).toEqual(['userProperties'])
    await given.client.stop()
  })

  it('is refused where an option has that name, and changes nothing', () => {
    const value = { polluted: true }
    for (const options of [
      parsed(name, value),
      { backlog: parsed(name, value) },
      { outbox: parsed(name, value) },
      { protocolVersion: 5, properties: parsed(name, value) },
      { protocolVersion: 5, will: { topic: 't', properties: parsed(name, value) } },
      { transport: name },
    ]) {
      expect(() => new Client(options)).toThrow(TypeError)
      expect(() => new Client(options)).toThrow(name === options.transport ? 'transport' : name)
    }
  })

  it('is refused by name where credentials have it', async () => {
    const host = new VirtualHost()
    const client = new CoreClient({ credentials: () => parsed(name, 'x') }, host)
    await expect(client.connect()).rejects.toThrow(`credentials.${name}: expected no such field`)
  })

  it('is a topic, a filter, a level of one, a client id and an alias like others', async () => {
    const given = await connected(
      { protocolVersion: 5, clientId: name, properties: { topicAliasMaximum: 1 } },
      { properties: { topicAliasMaximum: 1 } },
    )
    const { client, peer, host, connect } = given
    expect(connect.clientId).toBe(name)
    const got: string[] = []
    for (const filter of [name, `${name}/+`, `+/${name}`])
      await granted(
        given,
        client.subscribe(filter, ({ topic }) => void got.push(`${filter} ${topic}`)),
      )
    expect([...client.subscriptions.keys()]).toEqual([name, `${name}/+`, `+/${name}`])
    peer.send(publish(name, '', 0, undefined, { properties: { topicAlias: 1 } }))
    peer.send({ ...publish('', ''), properties: { topicAlias: 1 } } as Parameters<typeof peer.send>[0])
    peer.send(publish(`${name}/${name}`, ''))
    await host.advance(0)
    expect(got).toEqual([
      `${name} ${name}`,
      `${name} ${name}`,
      `${name}/+ ${name}/${name}`,
      `+/${name} ${name}/${name}`,
    ])
    for (const alias of [name, '']) {
      await client.publish(name, '')
      await host.advance(0)
      expect((await peer.next('publish')).topic).toBe(alias)
    }
    await client.stop()
  })

  it('is the client, the directory and a record of a store like others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'emqtt-prototypes-'))
    try {
      for (const store of [fileStore(join(folder, name)), new MemoryStore(new Map([[name, Uint8Array.of(1)]]))]) {
        const first = await connected({ clientId: name, store })
        await first.client.publish(name, name, { qos: 1, until: 'accepted' })
        await first.client.disconnect()
        const next = await connected({ clientId: name, store })
        expect((await next.peer.next('publish')).topic).toBe(name)
        await next.client.disconnect()
        const other = new CoreClient({ clientId: 'other', store }, new VirtualHost())
        await expect(other.connect()).rejects.toMatchObject({ code: 'STORE_OF_ANOTHER' })
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is an attribute that SCRAM refuses', async () => {
    const authenticator = scram('SCRAM-SHA-256', { username: name, password: name })
    await authenticator.start()
    await expect(authenticator.next(Buffer.from(`${name}=x,r=a,s=b,i=1`))).rejects.toMatchObject({
      code: 'SCRAM_MESSAGE',
    })
    expect(() => scram(name as never, { username: 'u', password: 'p' })).toThrow('mechanism: expected')
  })
})

it('settings for TLS that were parsed do not bring a prototype along: the certificate is verified', async () => {
  await using server = await serveTls()
  const tls = parsed('__proto__', { rejectUnauthorized: false, checkServerIdentity: undefined })
  for (const transport of ['tls', 'wss'] as const) {
    const [endpoint] = nodePlatform.endpoints({ transport, port: server.port, tls })
    expect(endpoint?.transport).toBe(transport)
    const client = new Client({ transport, host: '127.0.0.1', port: server.port, tls, reconnect: false })
    await expect(client.connect()).rejects.toMatchObject({ phase: 'tls' })
    await client.stop()
  }
})
