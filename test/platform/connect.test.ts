/** The door for Node, against a real broker: connect over each transport, and nothing left when it fails. */

import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, connect } from '../../platform/node/index.js'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js'
import { freePort } from '../support/ports.js'
import { nothingMoreThan, resources } from './recorder.js'

let broker: Mosquitto
beforeAll(async () => {
  broker = await startMosquitto({ mtls: true })
})
afterAll(() => broker[Symbol.asyncDispose]())

test.each(['mqtt', 'mqtts', 'ws', 'wss'] as const)('%s: connects, pings, leaves nothing', async (scheme) => {
  const before = resources()
  for (const protocolVersion of [3, 4, 5] as const) {
    const tls = scheme.endsWith('s') && scheme !== 'ws' ? { tls: { ca: broker.ca } } : {}
    const client = await connect(broker.urls[scheme], { protocolVersion, ...tls })
    expect(client).toBeInstanceOf(Client)
    expect(await client.ping()).toBeGreaterThan(0)
    await client.disconnect()
  }
  await nothingMoreThan(before)
})

test('a URL object and mere options will do, too', async () => {
  for (const client of [
    await connect(new URL(broker.urls.mqtt)),
    await connect({ host: '127.0.0.1', port: broker.ports.mqtt }),
  ]) {
    await client.disconnect()
  }
})

test('a client certificate opens the door that asks for one', async () => {
  const { cert, key } = broker.certificates.client
  const client = await connect(broker.urls.mtls, { tls: { ca: broker.ca, cert, key } })
  await client.disconnect()
  await expect(connect(broker.urls.mtls, { tls: { ca: broker.ca } })).rejects.toThrow(/certificate/)
})

test('mqtt:// to a TLS port is told so', async () => {
  // mosquitto 2.0 resets the connection; others send an alert of TLS.
  await expect(connect(`mqtt://127.0.0.1:${broker.ports.mqtts}`)).rejects.toThrow(/mqtts:\/\//)
  await expect(connect(`mqtt://127.0.0.1:${broker.ports.ws}`)).rejects.toThrow(/ws:\/\//)
})

test('a connect that fails rejects and leaves nothing behind', async () => {
  const before = resources()
  await expect(connect(`mqtt://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await expect(connect('htp://h')).rejects.toThrow(TypeError)
  await nothingMoreThan(before)
})

test('over TCP neither tls, nor http, nor ws is loaded', () => {
  // In a process of its own, from the sources: Node strips no types, so Vite's own bundle of them would hide imports.
  const script = `
    import { readFileSync } from 'node:fs'
    const seen = new Set()
    const visit = (file) => {
      if (seen.has(file.href)) return
      seen.add(file.href)
      const source = readFileSync(file, 'utf8')
      for (const [, type, name] of source.matchAll(/^(?:import|export) (type )?[^'"]*?from '([^']+)'/gm)) {
        if (type) continue
        if (name.startsWith('.')) visit(new URL(name.replace(/js$/, 'ts'), file))
        else console.log(name)
      }
    }
    visit(new URL('platform/node/index.ts', 'file://' + process.cwd() + '/'))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect([...new Set(stdout.trim().split('\n'))]).toEqual(['node:net'])
})
