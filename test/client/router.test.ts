import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Router } from '../../src/client/router.js'
import { parseSharedFilter, topicMatches } from '../../src/codec/index.js'

function routed(filters: string[], topic: string): string[] {
  const router = new Router<string>()
  for (const filter of filters) router.add(filter, filter)
  return [...router.match(topic)].sort()
}

test('exact filters match their topic only (§4.7)', () => {
  expect(routed(['a', 'a/b', '/a', 'A', 'a/'], 'a')).toEqual(['a'])
  expect(routed(['a', 'a/b', '/a', 'A', 'a/'], 'a/')).toEqual(['a/'])
})

test('+ matches one level, empty or not, and # matches its parent and all below (§4.7.1)', () => {
  const filters = ['#', '+', '+/+', 'a/+', 'a/#', '+/b', 'a/+/c', '/+', '+/#', '/#']
  expect(routed(filters, 'a')).toEqual(['#', '+', '+/#', 'a/#'])
  expect(routed(filters, 'a/b')).toEqual(['#', '+/#', '+/+', '+/b', 'a/#', 'a/+'])
  expect(routed(filters, 'a/')).toEqual(['#', '+/#', '+/+', 'a/#', 'a/+'])
  expect(routed(filters, '/')).toEqual(['#', '+/#', '+/+', '/#', '/+'])
  expect(routed(filters, 'a/b/c')).toEqual(['#', '+/#', 'a/#', 'a/+/c'])
})

test('5.0 and 3.1.1: a leading wildcard does not match a topic that begins with $ [MQTT-4.7.2-1]', () => {
  expect(routed(['#', '+/x', '$SYS/#', '$SYS/+', '+/#'], '$SYS/x')).toEqual(['$SYS/#', '$SYS/+'])
  expect(routed(['#', 'a/+', 'a/#'], 'a/$x')).toEqual(['#', 'a/#', 'a/+'])
})

test('a shared subscription takes the topics of the filter behind its name (§4.8.2)', () => {
  expect(routed(['$share/g/a/+', '$share/g/#', 'a/b', '$share/h/a/b'], 'a/b')).toEqual([
    '$share/g/#',
    '$share/g/a/+',
    '$share/h/a/b',
    'a/b',
  ])
  expect(routed(['$share/g/#'], '$SYS/x')).toEqual([])
})

test('a target whose filters overlap is found once', () => {
  const router = new Router<string>()
  for (const filter of ['a/b', 'a/+', '#', '$share/g/a/b']) router.add(filter, 'target')
  expect(router.match('a/b')).toEqual(['target'])
  router.delete('a/b', 'target')
  router.delete('a/+', 'target')
  expect(router.match('a/b')).toEqual(['target'])
  router.delete('#', 'target')
  expect(router.match('a/b'), 'the shared one still holds it').toEqual(['target'])
  router.delete('$share/g/a/b', 'target')
  expect(router.match('a/b')).toEqual([])
})

test('holders are those of exactly this filter; adding twice holds once; deleting what is not there does nothing', () => {
  const router = new Router<string>()
  router.add('a/+', 'one')
  router.add('a/+', 'one')
  router.add('a/+', 'two')
  router.add('a/b', 'three')
  expect(router.holders('a/+')).toEqual(['one', 'two'])
  router.delete('a/#', 'one')
  router.delete('a/+', 'three')
  router.delete('a/+', 'one')
  expect(router.holders('a/+')).toEqual(['two'])
  expect([...router.match('a/b')].sort()).toEqual(['three', 'two'])
  expect([...router.targets()].sort()).toEqual(['three', 'two'])
  router.clear()
  expect(router.match('a/b')).toEqual([])
  expect(router.holders('a/b')).toEqual([])
})

const level = fc.constantFrom('a', 'b', '', '$x')
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')
const pattern = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => [...levels, ...(all ? ['#'] : [])].join('/'))
  .filter((text) => text !== '')
const filter = fc.oneof(
  pattern,
  pattern.map((text) => `$share/g/${text}`),
  fc.constant('#'),
)

test('the router finds whom topicMatches finds, after any adding and deleting', () => {
  const action = fc.record({ add: fc.boolean(), filter, target: fc.nat(3) })
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 30 }),
      fc.array(topic, { minLength: 1, maxLength: 5 }),
      (actions, topics) => {
        const router = new Router<number>()
        const held = new Set<string>()
        for (const { add, filter, target } of actions) {
          if (add) {
            router.add(filter, target)
            held.add(`${target} ${filter}`)
          } else {
            router.delete(filter, target)
            held.delete(`${target} ${filter}`)
          }
        }
        for (const topic of topics) {
          const expected = new Set<number>()
          for (const entry of held) {
            const [target, filter] = entry.split(' ') as [string, string]
            if (topicMatches(parseSharedFilter(filter)?.filter ?? filter, topic)) expected.add(Number(target))
          }
          expect([...router.match(topic)].sort()).toEqual([...expected].sort())
        }
      },
    ),
    { seed: 7, numRuns: 500 },
  )
})

test('what was found for a topic is found again, until somebody is added or deleted, and also for more topics than are remembered', () => {
  const router = new Router<string>()
  const topics = Array.from({ length: 40 }, (_, at) => `${at}/${'x'.repeat(65_000)}`)
  const matchAll = (): string[] => [...new Set([...topics, ...topics].map((topic) => router.match(topic).join()))]
  expect(matchAll()).toEqual([''])
  router.add('+/#', 'one')
  expect(matchAll()).toEqual(['one'])
  router.add('#', 'two')
  expect(matchAll()).toEqual(['two,one'])
  router.delete('+/#', 'one')
  expect(matchAll()).toEqual(['two'])
  router.clear()
  expect(matchAll()).toEqual([''])
})
