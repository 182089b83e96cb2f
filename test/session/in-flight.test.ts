import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InFlight } from '../../src/session/in-flight.js'
import type { Entry } from '../../src/session/records.js'

function entry(packetId: number): Entry {
  return { packet: { packetId }, turn: 0 } as Entry
}

/** Few enough that they come again, far enough apart that they share slots. */
const packetId = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(257, 513, 1_025, 4_097, 32_769, 65_535))

test('messages in flight are those of a map whose order is that of adding, whatever is done to them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('add', 'add', 'add', 'delete', 'clear'), packetId), { maxLength: 200 }),
      (steps) => {
        const inFlight = new InFlight()
        const model = new Map<number, Entry>()
        for (const [what, id] of steps) {
          if (what === 'add') {
            const added = model.get(id) ?? entry(id)
            inFlight.add(added)
            model.delete(id)
            model.set(id, added)
          } else if (what === 'delete') {
            inFlight.delete(id)
            model.delete(id)
          } else if (id > 30) {
            inFlight.clear()
            model.clear()
          }
          expect(inFlight.size).toBe(model.size)
          expect(inFlight.get(id)).toBe(model.get(id))
          expect(inFlight.has(id)).toBe(model.has(id))
          expect(inFlight.inOrder()).toEqual([...model.values()])
          expect(new Set(inFlight.all())).toEqual(new Set(model.values()))
        }
      },
    ),
  )
})

test('all Packet Identifiers are in flight at once, and each is found and taken out', () => {
  const inFlight = new InFlight()
  for (let id = 1; id <= 65_535; id++) inFlight.add(entry(id))
  expect(inFlight.size).toBe(65_535)
  for (let id = 65_535; id >= 1; id--) {
    if (inFlight.get(id)?.packet.packetId !== id) throw new Error(`${id} is not found`)
    inFlight.delete(id)
  }
  expect(inFlight.size).toBe(0)
  expect(inFlight.all()).toEqual([])
})
