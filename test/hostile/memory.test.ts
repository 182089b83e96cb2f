/** What a server can make a client keep: what came, and not what was announced. */

import { expect, test } from 'vitest'
import { connected, noUnhandledRejections, VERSIONS } from '../client/bench.js'
import { bytes } from '../codec/support/wire.js'

noUnhandledRejections()

const MIB = 1_048_576
const held = (): number => process.memoryUsage().arrayBuffers

for (const protocolVersion of VERSIONS) {
  test(`a packet of 256 MiB that is only announced takes no room, in version ${protocolVersion}`, async () => {
    const meetings = await Promise.all(
      Array.from({ length: 50 }, () => connected({ protocolVersion, reconnect: false, keepAlive: 0 })),
    )
    const before = held()
    for (const { peer } of meetings) {
      peer.sendBytes(bytes('30 ffffff7f 0001'))
      for (let i = 0; i < 10; i++) peer.sendBytes(new Uint8Array(1024).fill(0x61))
    }
    expect(held() - before).toBeLessThan(8 * MIB)
    expect(meetings.every(({ client }) => client.status === 'connected')).toBe(true)
    await Promise.all(meetings.map(({ client }) => client.stop()))
  })
}

test('5.0: a packet that grows slowly takes room in proportion to our Maximum Packet Size, and to nothing else [MQTT-3.1.2-24]', async () => {
  const maximumPacketSize = 4 * MIB
  const { client, peer } = await connected({
    protocolVersion: 5,
    reconnect: false,
    keepAlive: 0,
    properties: { maximumPacketSize },
  })
  // As much as is allowed: the Remaining Length takes four bytes.
  const remaining = maximumPacketSize - 5
  const length = [remaining & 127, (remaining >> 7) & 127, (remaining >> 14) & 127].map((digit) => digit | 128)
  peer.sendBytes(Uint8Array.of(0x30, ...length, remaining >> 21))
  const chunk = new Uint8Array(1024).fill(0x61)
  chunk[0] = 0
  chunk[1] = 1
  const before = held()
  let most = 0
  for (let came = 0; came < remaining - 1024; came += 1024) {
    peer.sendBytes(chunk)
    most = Math.max(most, held() - before)
  }
  // Room that was outgrown waits for the garbage collector, as do the chunks: the room in use is once our maximum.
  expect(most).toBeLessThan(5 * maximumPacketSize)
  expect(client.status).toBe('connected')
  await client.stop()
})
