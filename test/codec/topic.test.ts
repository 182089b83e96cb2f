import { describe, expect, it } from 'vitest'
import { encodePacket } from '../../src/codec/encode.js'
import {
  checkTopicFilter,
  checkTopicName,
  isTopicFilter,
  isTopicName,
  parseSharedFilter,
  topicMatches,
} from '../../src/codec/topic.js'

describe('Topic Names', () => {
  it.each(['a', '/', '//', 'a/b', ' ', '$SYS/x', 'ä/😀', '/finance', 'Accounts payable'])('%j is one', (topic) => {
    expect(isTopicName(topic)).toBe(true)
    expect(() => checkTopicName(topic, 'topic')).not.toThrow()
  })

  it.each(['', '+', '#', 'a/+', 'a#', 'a/+/b'])('%j is none', (topic) => {
    expect(() => checkTopicName(topic, 'publish.topic')).toThrow(/^publish\.topic: expected /)
  })

  it.each([3, 4, 5] as const)(
    'have no U+0000, no lone surrogate, and at most 65 535 bytes in version %i',
    (version) => {
      const send = (topic: string) => encodePacket({ type: 'publish', topic }, version)
      expect(() => send('a'.repeat(65_535))).not.toThrow()
      for (const topic of ['a'.repeat(65_536), 'a\0', '\ud800'])
        expect(() => send(topic)).toThrow(/^publish\.topic: expected /)
    },
  )
})

it('a Topic Name that was refused says nothing about the one before it', () => {
  const send = (topic: string) => encodePacket({ type: 'publish', topic }, 4)
  const before = send('a')
  expect(() => send('sport/+')).toThrow(RangeError)
  expect(send('a')).toEqual(before)
})

/** §4.7.1 and §4.8.2, with the standard's own examples. */
describe('Topic Filters', () => {
  it.each([
    '#',
    '+',
    '/',
    '+/+',
    '/+',
    'sport/tennis/#',
    '+/tennis/#',
    'sport/+/player1',
    'a/+/#',
    '$SYS/#',
    '$share',
    '$share/g/a',
    '$share/consumer//finance',
    '$share/g/#',
    '$share/g/+/b',
    '$shared/#',
  ])('%j is one', (filter) => {
    expect(isTopicFilter(filter)).toBe(true)
    expect(() => checkTopicFilter(filter, 'filter')).not.toThrow()
  })

  it.each(['', 'sport/tennis#', 'sport/tennis/#/ranking', 'sport+', '+a', '#/', '##', '++', 'a/#b', 'a/b+/c'])(
    '%j is none',
    (filter) => {
      expect(() => checkTopicFilter(filter, 'subscribe.filter')).toThrow(/^subscribe\.filter: expected /)
    },
  )

  it.each([
    '$share/',
    '$share/g',
    '$share/group',
    '$share/g/',
    '$share//a',
    '$share/+/a',
    '$share/#/a',
    '$share/g+/a',
    '$share/#',
    '$share/g/a#',
  ])('%j is none [MQTT-4.8.2-1] [MQTT-4.8.2-2]', (filter) => {
    expect(isTopicFilter(filter)).toBe(false)
    expect(parseSharedFilter(filter)).toBeUndefined()
  })

  it('of shared subscriptions are taken apart (§4.8.2)', () => {
    expect(parseSharedFilter('$share/g/a/+/#')).toEqual({ share: 'g', filter: 'a/+/#' })
    expect(parseSharedFilter('$share/g//a')).toEqual({ share: 'g', filter: '/a' })
    expect(parseSharedFilter('a/b')).toBeUndefined()
    expect(parseSharedFilter('$share')).toBeUndefined()
  })
})

describe('matching (§4.7)', () => {
  it.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['sport/#', 'sport'],
    ['sport/#', 'sport/'],
    ['#', 'a/b/c'],
    ['#', '/'],
    ['sport/tennis/+', 'sport/tennis/player1'],
    ['sport/+', 'sport/'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['+', 'finance'],
    ['+/#', 'a'],
    ['a/+/c', 'a//c'],
    ['a/+/c/#', 'a/b/c'],
    ['$SYS/#', '$SYS/broker'],
    ['$SYS/monitor/+', '$SYS/monitor/Clients'],
    ['$SYS/#', '$SYS'],
    ['$share/g/a/#', 'a/b'],
    ['$share/g//a', '/a'],
    ['+/a', 'x/a'],
  ])('%s matches %s', (filter, topic) => {
    expect(topicMatches(filter, topic)).toBe(true)
  })

  it.each([
    ['sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['sport/+', 'sport'],
    ['+', '/finance'],
    ['ACCOUNTS', 'Accounts'],
    ['a', 'a/'],
    ['a/', 'a'],
    ['a/b', 'a'],
    ['a', 'ab'],
    ['ab', 'a'],
    ['sport/#', 'sports'],
    ['a/+/c', 'a/b/d'],
    ['a/+/+', 'a/b'],
    ['\u00e4', 'a\u0308'],
  ])('%s does not match %s', (filter, topic) => {
    expect(topicMatches(filter, topic)).toBe(false)
  })

  it('takes # for the level before it only behind a slash', () => {
    expect(topicMatches('sport#', 'spor')).toBe(false)
    expect(topicMatches('sport/#', 'sport')).toBe(true)
  })

  it('5.0 and 3.1.1: keeps leading wildcards from $-topics [MQTT-4.7.2-1]', () => {
    expect(topicMatches('#', '$SYS/x')).toBe(false)
    expect(topicMatches('+/monitor/Clients', '$SYS/monitor/Clients')).toBe(false)
    expect(topicMatches('$share/g/#', '$SYS/x')).toBe(false)
    expect(topicMatches('$share/g/$SYS/#', '$SYS/x')).toBe(true)
  })
})
