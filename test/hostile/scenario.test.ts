/** The scripted peer itself: a scenario holds where the client goes along with it, and fails, saying where, where not. */

import { describe, expect, test } from 'vitest'
import { connect } from '../../platform/node/index.js'
import { CoreClient } from '../../src/index.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'
import { play, type Step, type Wire } from '../support/scenario.js'
import { VirtualHost } from '../support/virtual-host.js'
import { memoryWire, startScenarioServer } from '../support/wires.js'

/** §4.13.1: the server grants what it may not. */
const SCENARIO: readonly Step[] = [
  { expect: 'connect' },
  { send: { CONNACK: '20 03', flags: '00', 'reason code': '00', 'property length': '00' } },
  { expect: 'subscribe 1 a/b' },
  { send: { SUBACK: '90 04', 'packet id': '0001', 'property length': '00', 'reason code': '7f' } },
  { expect: 'disconnect 0x82' },
  { closed: true },
]

const options = { protocolVersion: 5, reconnect: false } as const

async function subscribe(client: CoreClient): Promise<void> {
  await client.connect()
  await client.subscribe('a/b').catch(() => {})
}

test('a scenario is played in memory', async () => {
  const host = new VirtualHost()
  const client = new CoreClient(options, host)
  const playing = host.peer(0).then((peer) => play(SCENARIO, memoryWire(peer)))
  await Promise.all([subscribe(client), playing])
})

test.each(['tcp', 'tls', 'ws', 'wss'] as const)('a scenario is played over %s', async (kind) => {
  const before = resources()
  {
    await using server = await startScenarioServer(kind)
    const playing = server.wire().then((wire) => play(SCENARIO, wire))
    const client = await connect(server.url, { ...options, ...server.options })
    await Promise.all([client.subscribe('a/b').catch(() => {}), playing])
    await client.stop()
  }
  await nothingMoreThan(before)
})

describe('a scenario that a client does not go along with', () => {
  async function meeting(): Promise<{ client: CoreClient; wire: Wire }> {
    const host = new VirtualHost()
    const client = new CoreClient({ ...options, clientId: 'c', keepAlive: 60 }, host)
    client.connect().catch(() => {})
    return { client, wire: memoryWire(await host.peer(0)) }
  }

  test.each<[string, Step[], RegExp]>([
    ['another packet', [{ expect: 'subscribe' }], /^step 1 of 1, {"expect":"subscribe"}: the client said connect, 10/],
    ['other bytes', [{ expect: '10 00' }], /the client said connect, 10/],
    ['nothing', [{ expect: 'connect' }, { expect: 'pingreq', within: 10 }], /^step 2 .*nothing came within 10 ms$/],
    ['an end', [{ expect: 'connect' }, { send: '00 00' }, { expect: 'pingreq' }], /the client said disconnect 0x81/],
    [
      'the end of the connection',
      [{ expect: 'connect' }, { send: '00 00' }, { expect: 'disconnect' }, { expect: 'pingreq' }],
      /the client ended the connection$/,
    ],
    ['more than its end', [{ expect: 'connect' }, { send: '00 00' }, { closed: true }], /the client said disconnect/],
    ['no end', [{ expect: 'connect' }, { closed: true, within: 10 }], /nothing came within 10 ms$/],
    ['no text frame', [{ text: 'hi' }], /only a WebSocket/],
  ])('fails at %s', async (_, steps, message) => {
    const { wire } = await meeting()
    await expect(play(steps, wire)).rejects.toThrow(message)
  })

  test('a reason code is not the beginning of another', async () => {
    const { wire } = await meeting()
    const steps: Step[] = [{ expect: 'connect' }, { send: '00 00' }, { expect: 'disconnect 0x8' }]
    await expect(play(steps, wire)).rejects.toThrow('the client said disconnect 0x81, e00181')
  })

  test('bytes that are as they should be are enough', async () => {
    const { wire } = await meeting()
    await play([{ expect: '10 0e 0004 4d515454 05 02 003c 00 0001 63' }], wire)
  })
})

test('frames, fragments and text reach a WebSocket as such', async () => {
  await using server = await startScenarioServer('ws')
  const playing = server
    .wire()
    .then((wire) =>
      play(
        [
          { expect: 'connect' },
          { frames: ['20', '03 00', '00 00'] },
          { expect: 'pingreq' },
          { fragments: ['d0', '00'] },
          { expect: 'pingreq' },
          { send: 'd0 00' },
          { text: 'hello' },
          { closed: 1003 },
        ],
        wire,
      ),
    )
  const client = await connect(server.url, options)
  await client.ping()
  await client.ping()
  await playing
  await client.stop()
})
