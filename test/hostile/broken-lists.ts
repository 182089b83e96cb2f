/** Each rule of a list of properties (§2.2.2), broken once. */

import { bytes, hex, str, wrap } from '../codec/support/wire.js'
import { bodyOf, brokenTexts, byte, type Rule, rows, sizeOf } from './breaking.js'
import { PROPERTIES, type Property } from './standard.js'

/** Which have codes of their own. */
function badValue(code: number): string {
  if (code === 0x94) return 'a Topic Alias of 0'
  return code === 0x81 ? 'a value that is no Variable Byte Integer' : 'a value that the property may not have'
}

export const wrongLists: Rule = (sample, version) => {
  const { type, first, list } = sample
  if (!list) return []
  const says = `${type}.properties`
  const send = (...properties: string[]): string =>
    wrap(first, bodyOf(sample, { list: [...list.properties, ...properties] }))
  const own = PROPERTIES.filter(({ packets }) => packets.includes(type))
  const given = (id: string): boolean => list.properties.some((each) => each.startsWith(id))
  /** With this value, in the place of the one that the packet has anyway. */
  const holding = ({ id }: Property, value: string): string => {
    const others = list.properties.filter((each) => !each.startsWith(id))
    return wrap(first, bodyOf(sample, { list: [`${id} ${value}`, ...others] }))
  }
  const size = byte(sizeOf(list.properties.join(' ')) | 128)
  return [
    ...rows(sample, 'a Property Length over the end', '§2.2.2.1', 0x81, [
      ['', wrap(first, bodyOf(sample, { length: '7f' })), says],
      ['', wrap(first, bodyOf(sample, { length: 'ffffff7f' })), says],
    ]),
    ...rows(sample, 'a Property Length that is no Variable Byte Integer', '[MQTT-1.5.5-1]', 0x81, [
      ['', wrap(first, bodyOf(sample, { length: `${size} 00` })), says],
      ['', wrap(first, bodyOf(sample, { length: 'ffffffff7f' })), says],
    ]),
    ...rows(
      sample,
      'an unknown property',
      '§2.2.2.2',
      0x81,
      ['00 00', '04 00', '2b 00', '7f 00', '80 01', 'ff'].map((property) => ['', send(property), says]),
    ),
    ...rows(
      sample,
      'a property of another packet',
      '§2.2.2.2',
      0x81,
      PROPERTIES.filter((each) => !own.includes(each)).map(({ id, value, name }) => [
        name,
        send(`${id} ${value}`),
        `${says}.identifier`,
      ]),
    ),
    ...rows(
      sample,
      'a property twice',
      '§2.2.2.2',
      0x82,
      own
        .filter(({ repeats }) => !repeats)
        .map(({ id, value, name }) => {
          const once = `${id} ${value}`
          return [name, given(id) ? send(once) : send(once, once), `${says}.${name}`]
        }),
    ),
    ...rows(
      sample,
      'a property that ends within its value',
      '§2.2.2',
      0x81,
      own
        .filter(({ id }) => !given(id))
        .map(({ id, value, name }) => {
          return [name, send(`${id} ${hex(bytes(value).subarray(0, -1))}`), `${says}.${name}`]
        }),
    ),
    ...own.flatMap((property) =>
      property.bad.flatMap(([value, code, clause]) =>
        rows(sample, badValue(code), clause, code, [
          [property.name, holding(property, value), `${says}.${property.name}`],
        ]),
      ),
    ),
    ...own.flatMap((property) => {
      const { kind, name } = property
      const field = `properties.${name}`
      if (kind === 'text') return brokenTexts(sample, field, (text) => holding(property, text), version)
      if (kind === 'pair')
        return [
          ...brokenTexts(sample, field, (text) => holding(property, `${text} ${str('v')}`), version),
          ...brokenTexts(sample, field, (text) => holding(property, `${str('k')} ${text}`), version),
        ]
      if (kind === 'bytes')
        return rows(sample, 'a length over the end', '§1.5.6', 0x81, [
          [field, holding(property, 'ffff 61'), `${type}.${field}`],
        ])
      return []
    }),
  ]
}
