import { expect, test } from 'vitest'
import { CoreClient } from '../../src/index.js'
import { settled, VirtualHost } from '../support/virtual-host.js'
import { connected, failure, noUnhandledRejections, reconnected, state, VERSIONS } from './bench.js'

noUnhandledRejections()

for (const protocolVersion of VERSIONS) {
  test(`disconnect with drain waits for what was published, in version ${protocolVersion}`, async () => {
    const { client, peer, host } = await connected({ protocolVersion, maxInflight: 1 })
    const published = [client.publish('t', '1', { qos: 1 }), client.publish('t', '2', { qos: 2 })]
    const gone = client.disconnect({ drain: true })
    const { packetId } = await peer.next('publish')
    expect(await state(gone)).toBe('pending')
    expect(await failure(client.publish('t', 'late', { qos: 1 })), 'no more is taken').toMatchObject({ code: 'CLOSED' })
    expect(await failure(client.subscribe('t'))).toMatchObject({ code: 'CLOSED' })
    peer.send({ type: 'puback', packetId: packetId as number })
    const second = (await peer.next('publish')).packetId as number
    peer.send({ type: 'pubrec', packetId: second })
    await peer.next('pubrel')
    expect(await state(gone)).toBe('pending')
    peer.send({ type: 'pubcomp', packetId: second })
    await Promise.all([gone, ...published])
    expect((await peer.next('disconnect')).reasonCode).toBe(0)
    expect(client.status).toBe('closed')
    expect(host.pendingTimers).toBe(0)
  })
}

test('it goes on through another connection', async () => {
  const { client, peer, host } = await connected({ protocolVersion: 5 })
  const published = client.publish('t', '1', { qos: 1 })
  const gone = client.disconnect({ drain: true })
  await peer.next('publish')
  peer.drop()
  const { peer: second } = await reconnected(host, { sessionPresent: true })
  const { packetId } = await second.next('publish')
  second.send({ type: 'puback', packetId: packetId as number })
  await Promise.all([gone, published])
  await second.next('disconnect')
})

test('its signal ends the waiting: the client disconnects, and both that ask hear why', async () => {
  const { client, peer, host } = await connected()
  const published = failure(client.publish('t', '1', { qos: 1 }))
  const abort = new AbortController()
  const gone = failure(client.disconnect({ drain: true, signal: abort.signal }))
  const other = failure(client.disconnect({ drain: true }))
  await peer.next('publish')
  abort.abort(new Error('no more patience'))
  expect((await gone).message).toBe('no more patience')
  expect(await other).toMatchObject({ code: 'CLOSED' })
  expect(await published).toMatchObject({ code: 'CLOSED' })
  await peer.next('disconnect')
  expect(client.status).toBe('closed')
  expect(host.pendingTimers).toBe(0)
})

test('it rejects when the client gives up', async () => {
  const { client, peer } = await connected({ reconnect: false })
  client.publish('t', '1', { qos: 1 }).catch(() => {})
  const gone = failure(client.disconnect({ drain: true }))
  await peer.next('publish')
  peer.drop(new Error('cut'))
  expect((await gone).message).toBe('cut')
  expect(client.status).toBe('closed')
})

test('with nothing to deliver, or nobody to deliver it, it does not wait', async () => {
  const { client, peer } = await connected()
  await client.disconnect({ drain: true })
  await peer.next('disconnect')
  await client.disconnect({ drain: true })
  const idle = new CoreClient({}, new VirtualHost())
  const waiting = failure(idle.publish('t', '1', { qos: 1 }))
  await idle.disconnect({ drain: true })
  expect(await waiting).toMatchObject({ code: 'CLOSED' })
})

test('afterwards the client can connect and publish again', async () => {
  const { client, host } = await connected()
  await client.disconnect({ drain: true })
  const connecting = client.connect()
  const peer = await host.peer(1)
  await peer.accept()
  await connecting
  const published = client.publish('t', '1', { qos: 1 })
  peer.send({ type: 'puback', packetId: (await peer.next('publish')).packetId as number })
  await published
  await settled()
  await client.stop()
})
