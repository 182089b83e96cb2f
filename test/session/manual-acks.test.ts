import { describe, expect, test } from 'vitest'
import { Bench, nameOf, VERSIONS } from './bench.js'

/** `autoAck: 'never'`: PUBREL and PUBCOMP are the caller's. */
const manual = (version: 3 | 4 | 5 = 5, more: object = {}): Bench => new Bench(version, { autoAck: 'never', ...more })

function release(bench: Bench, type: 'pubrel' | 'pubcomp', packetId: number, reasonCode = 0, properties = {}): void {
  bench.session.release(type, packetId, reasonCode, properties, bench.now)
}

for (const version of VERSIONS) {
  describe(`autoAck 'never' in ${nameOf(version)}`, () => {
    test('PUBREL is sent by the caller, once, and only where PUBREC came', () => {
      const bench = manual(version).connect()
      bench.publish(2, 'm')
      bench.publish(1, 'n')
      bench.sent()
      const expected = (id: number): string =>
        `pubrel.packetId: expected that of a PUBREC (autoAck: 'never'), got ${id}`
      for (const id of [1, 2, 3]) expect(() => release(bench, 'pubrel', id)).toThrow(new RangeError(expected(id)))
      bench.receive({ type: 'pubrec', packetId: 1 })
      expect(bench.wire()).toEqual([])
      bench.receive({ type: 'pubrec', packetId: 1 })
      expect(bench.wire(), 'nor when it comes twice').toEqual([])
      release(bench, 'pubrel', 1)
      expect(bench.wire()).toEqual(['pubrel 1'])
      expect(() => release(bench, 'pubrel', 1)).toThrow(new RangeError(expected(1)))
      bench.receive({ type: 'pubcomp', packetId: 1 })
      expect(bench.news()).toEqual(['acknowledged m'])
    })

    test('a PUBCOMP before our PUBREL is an error of the server', () => {
      const bench = manual(version).connect()
      bench.publish(2, 'm')
      bench.receive({ type: 'pubrec', packetId: 1 }, { type: 'pubcomp', packetId: 1 })
      expect(bench.news()).toEqual(['failed 0x82'])
    })

    test('PUBCOMP is sent by the caller, once, and only where PUBREL came', () => {
      const bench = manual(version).connect().deliver(2, 7, 'm')
      const expected = new RangeError("pubcomp.packetId: expected that of a PUBREL (autoAck: 'never'), got 7")
      expect(() => release(bench, 'pubcomp', 7)).toThrow(expected)
      bench.settle(bench.deliveries()[0])
      expect(() => release(bench, 'pubcomp', 7)).toThrow(expected)
      expect(bench.wire()).toEqual(['pubrec 7'])
      bench.receive({ type: 'pubrel', packetId: 7 })
      expect(bench.wire()).toEqual([])
      release(bench, 'pubcomp', 7)
      expect(bench.wire()).toEqual(['pubcomp 7'])
      expect(() => release(bench, 'pubcomp', 7)).toThrow(expected)
    })

    test("a PUBREL for what is complete is the caller's to answer, too (§3.6.2.1)", () => {
      const bench = manual(version).connect().receive({ type: 'pubrel', packetId: 7 })
      expect(bench.wire()).toEqual([])
      release(bench, 'pubcomp', 7, 0x92)
      expect(bench.wire()).toEqual([version === 5 ? 'pubcomp 7 0x92' : 'pubcomp 7'])
      bench.receive({ type: 'pubrel', packetId: 7 }).cut().resume()
      expect(bench.deliver(2, 7, 'as if it were new').wire()).toEqual(['pubrec 7'])
    })

    test("a PUBREC that comes again is the caller's to answer again", () => {
      const bench = manual(version).connect()
      bench.publish(2, 'm')
      for (let time = 0; time < 2; time++) {
        bench.receive({ type: 'pubrec', packetId: 1 }).sent()
        release(bench, 'pubrel', 1)
        expect(bench.wire()).toEqual(['pubrel 1'])
      }
    })

    test('a PUBCOMP that was on its way when PUBREC came again ends the exchange', () => {
      const bench = manual(version).connect()
      bench.publish(2, 'm')
      bench.receive({ type: 'pubrec', packetId: 1 })
      release(bench, 'pubrel', 1)
      bench.receive({ type: 'pubrec', packetId: 1 }, { type: 'pubcomp', packetId: 1 })
      expect(bench.news()).toEqual(['acknowledged m'])
    })

    test('Reason Codes and properties reach the wire in 5.0 only', () => {
      const bench = manual(version).connect()
      bench.publish(2, 'm')
      bench.receive({ type: 'pubrec', packetId: 1 })
      bench.sent()
      release(bench, 'pubrel', 1, 0x92, { reasonString: 'r' })
      bench.deliver(2, 7, 'in')
      bench.settle(bench.deliveries()[0])
      bench.receive({ type: 'pubrel', packetId: 7 })
      release(bench, 'pubcomp', 7, 0x92, { reasonString: 'c' })
      const sent = bench.sent().filter(({ type }) => type !== 'pubrec')
      const five = version === 5
      expect(sent).toEqual([
        { type: 'pubrel', packetId: 1, reasonCode: five ? 0x92 : 0, properties: five ? { reasonString: 'r' } : {} },
        { type: 'pubcomp', packetId: 7, reasonCode: five ? 0x92 : 0, properties: five ? { reasonString: 'c' } : {} },
      ])
    })

    test('a PUBREL that the caller owes is not sent by a retry, nor does it end the connection', () => {
      const bench = manual(version, { retryInterval: 1_000 }).connect({}, { keepAlive: 0 })
      bench.publish(2, 'm')
      bench.tick(500).receive({ type: 'pubrec', packetId: 1 })
      bench.sent()
      for (let tick = 0; tick < 5; tick++) bench.tick(1_000)
      expect(bench.wire()).toEqual([])
      expect(bench.news()).toEqual([])
      expect(bench.session.deadline, 'and nothing wakes up for it').toBe(Number.POSITIVE_INFINITY)
      release(bench, 'pubrel', 1)
      expect(bench.wire()).toEqual(['pubrel 1'])
      bench.tick(1_000)
      expect([bench.wire(), bench.news()]).toEqual(version === 5 ? [[], ['failed RETRY_TIMEOUT']] : [['pubrel 1'], []])
    })

    describe('through a reconnect where the session goes on', () => {
      test('PUBREC came: PUBREL is still the caller’s', () => {
        const bench = manual(version).connect()
        bench.publish(2, 'm')
        bench.receive({ type: 'pubrec', packetId: 1 })
        bench.cut().sent()
        bench.resume()
        expect(bench.wire()).toEqual([])
        release(bench, 'pubrel', 1)
        expect(bench.wire()).toEqual(['pubrel 1'])
        bench.receive({ type: 'pubcomp', packetId: 1 })
        expect(bench.news()).toContain('acknowledged m')
      })

      test('PUBREL was sent, or said without a connection: it is sent again', () => {
        for (const before of [true, false]) {
          const bench = manual(version).connect()
          bench.publish(2, 'm')
          bench.receive({ type: 'pubrec', packetId: 1 })
          if (before) release(bench, 'pubrel', 1)
          bench.cut().sent()
          if (!before) release(bench, 'pubrel', 1)
          expect(bench.wire()).toEqual([])
          bench.resume()
          expect(bench.wire()).toEqual(['pubrel 1'])
          bench.receive({ type: 'pubcomp', packetId: 1 })
          expect(bench.news()).toContain('acknowledged m')
        }
      })

      test('PUBREL came: PUBCOMP waits for the PUBREL of the new connection', () => {
        const bench = manual(version).connect().deliver(2, 7, 'm')
        bench.settle(bench.deliveries()[0])
        bench.receive({ type: 'pubrel', packetId: 7 })
        bench.cut().sent()
        release(bench, 'pubcomp', 7)
        expect(bench.wire()).toEqual([])
        bench.resume()
        expect(() => release(bench, 'pubcomp', 7)).toThrow(RangeError)
        bench.receive({ type: 'pubrel', packetId: 7 })
        expect(bench.wire()).toEqual([])
        release(bench, 'pubcomp', 7)
        expect(bench.wire()).toEqual(['pubcomp 7'])
        expect(bench.news()).toEqual([])
      })

      test('PUBREC was not sent: the message is not delivered again, and PUBREC is as before', () => {
        const bench = manual(version).connect().deliver(2, 7, 'm')
        const [delivery] = bench.deliveries()
        bench.cut().resume()
        bench.deliver(2, 7, 'm', { dup: true })
        expect(bench.news()).toEqual([])
        expect(bench.session.unsettled('pubrec', 7)).toBe(delivery)
        bench.settle(delivery)
        expect(bench.wire()).toEqual(['pubrec 7'])
      })
    })

    describe('through a reconnect where the session is gone', () => {
      test('with PUBREC the message is the server’s: nothing is owed', () => {
        const bench = manual(version).connect()
        bench.publish(2, 'm')
        bench.publish(2, 'n')
        bench.receive({ type: 'pubrec', packetId: 1 })
        bench.cut().sent()
        bench.connect({}, { cleanStart: true })
        expect(bench.news()).toContain('acknowledged m')
        expect(bench.wire()).toEqual([expect.stringMatching(/^publish \d n$/)])
        expect(() => release(bench, 'pubrel', 1)).toThrow(RangeError)
      })

      test('an exchange of the server’s is forgotten', () => {
        const bench = manual(version).connect().deliver(2, 7, 'm')
        bench.settle(bench.deliveries()[0])
        bench.receive({ type: 'pubrel', packetId: 7 })
        bench.cut().connect({}, { cleanStart: true })
        bench.sent()
        expect(() => release(bench, 'pubcomp', 7)).toThrow(RangeError)
        expect(bench.deliver(2, 7, 'other').news()).toEqual(['message other'])
      })
    })
  })

  describe(`${nameOf(version)}: acknowledgements`, () => {
    test('leave in the order of arrival [MQTT-4.6.0-2] [MQTT-4.6.0-3]', () => {
      const bench = new Bench(version, { autoAck: false }).connect()
      bench.deliver(1, 1, 'a').deliver(2, 2, 'b').deliver(1, 3, 'c').deliver(2, 4, 'd')
      const of = (type: 'puback' | 'pubrec', id: number) => bench.session.unsettled(type, id)
      bench.settle(of('pubrec', 4))
      bench.settle(of('pubrec', 2))
      expect(bench.wire()).toEqual([])
      bench.settle(of('puback', 1))
      expect(bench.wire()).toEqual(['puback 1', 'pubrec 2'])
      bench.settle(of('puback', 3))
      expect(bench.wire()).toEqual(['puback 3', 'pubrec 4'])
    })

    test('are of a message that waits for this one', () => {
      const bench = new Bench(version, { autoAck: false }).connect().deliver(1, 1, 'a').deliver(2, 2, 'b')
      const error = (type: string, qos: number, id: number) =>
        new RangeError(`${type}.packetId: expected that of a message of QoS ${qos} to acknowledge, got ${id}`)
      expect(() => bench.session.unsettled('puback', 9)).toThrow(error('puback', 1, 9))
      expect(() => bench.session.unsettled('pubrec', 1)).toThrow(error('pubrec', 2, 1))
      expect(() => bench.session.unsettled('puback', 2)).toThrow(error('puback', 1, 2))
      bench.settle(bench.session.unsettled('pubrec', 2))
      expect(() => bench.session.unsettled('pubrec', 2), 'also while it waits for its turn').toThrow(
        error('pubrec', 2, 2),
      )
      bench.settle(bench.session.unsettled('puback', 1))
      expect(() => bench.session.unsettled('puback', 1)).toThrow(error('puback', 1, 1))
    })

    test('of two messages with one Packet Identifier are of the first first', () => {
      const bench = new Bench(version, { autoAck: false }).connect().deliver(1, 1, 'a').deliver(1, 1, 'b')
      const [a, b] = bench.deliveries()
      expect(bench.session.unsettled('puback', 1)).toBe(a)
      bench.settle(a)
      expect(bench.session.unsettled('puback', 1)).toBe(b)
    })
  })
}

test("autoAck 'never': a PUBREC that is sent again says what it said, also behind PUBREL", () => {
  const bench = manual().connect().deliver(2, 7, 'm')
  bench.settle(bench.deliveries()[0], 0x10, { reasonString: 'nobody' })
  bench.receive({ type: 'pubrel', packetId: 7 }).deliver(2, 7, 'm', { dup: true })
  const pubrec = { type: 'pubrec', packetId: 7, reasonCode: 0x10, properties: { reasonString: 'nobody' } }
  expect(bench.sent()).toEqual([pubrec, pubrec])
})

test("autoAck 'never': a PUBREL that comes twice for what is complete is one to answer", () => {
  const bench = manual().connect()
  bench.receive({ type: 'pubrel', packetId: 7 }, { type: 'pubrel', packetId: 7 })
  expect(bench.news()).toEqual([])
  release(bench, 'pubcomp', 7, 0x92)
  expect(bench.wire()).toEqual(['pubcomp 7 0x92'])
})
