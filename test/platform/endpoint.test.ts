/** Options to endpoints: what is read, what is filled in, what is refused, and that no error shows a secret. */

import { describe, expect, test } from 'vitest'
import { createBrowserPlatform } from '../../platform/browser/platform.js'
import { nodePlatform } from '../../platform/node/platform.js'
import { webSocketUrl } from '../../platform/shared/endpoint.js'
import type { ClientOptions } from '../../src/client/options.js'

const endpoint = (options: ClientOptions) => nodePlatform.endpoints(options)[0]
const url = (url: string, options: ClientOptions = {}) => endpoint({ ...options, url })

describe('URLs', () => {
  test.each([
    ['mqtt://h', 'tcp', 1883],
    ['tcp://h', 'tcp', 1883],
    ['mqtts://h', 'tls', 8883],
    ['ssl://h', 'tls', 8883],
    ['tls://h', 'tls', 8883],
    ['ws://h', 'ws', 80],
    ['wss://h', 'wss', 443],
    ['MQTT://h', 'tcp', 1883],
    [' mqtt://h/ ', 'tcp', 1883],
  ])('%s has its transport and its default port', (text, transport, port) => {
    expect(url(text)).toMatchObject({ transport, host: 'h', port })
  })

  test.each([80, 443, 21, 1, 65_535])(
    'port %i is kept with each scheme, also where it is the default of http',
    (port) => {
      for (const scheme of ['mqtt', 'mqtts', 'ws', 'wss']) expect(url(`${scheme}://h:${port}`)?.port).toBe(port)
    },
  )

  test('an IPv6 address loses its brackets and gets them back in label and URL', () => {
    expect(url('mqtt://[::1]:1884')).toMatchObject({ host: '::1', port: 1884, label: 'mqtt://[::1]:1884' })
    const socket = url('ws://[fe80::1]/x')
    expect(socket && webSocketUrl(socket)).toBe('ws://[fe80::1]:80/x')
  })

  test('credentials are decoded', () => {
    expect(url('mqtt://us%40er:p%3A%2F%C3%BC@h')).toMatchObject({ username: 'us@er', password: 'p:/ü' })
    expect(url('mqtt://:secret@h')).toMatchObject({ username: undefined, password: 'secret' })
    expect(url('mqtt://h')).toMatchObject({ username: undefined, password: undefined })
  })

  test('a path and a query are kept', () => {
    expect(url('ws://h/broker/ws?a=1&b=%20')?.path).toBe('/broker/ws?a=1&b=%20')
  })

  test('no path is /mqtt, or the option path', () => {
    expect(url('ws://h')?.path).toBe('/mqtt')
    expect(url('ws://h?token=1')?.path).toBe('/mqtt?token=1')
    expect(url('ws://h', { path: '/' })?.path).toBe('/')
    expect(url('ws://h', { path: 'ws' })?.path).toBe('/ws')
    expect(endpoint({ url: new URL('ws://h') })?.path).toBe('/mqtt')
    expect(url('mqtt://h', { path: '/x' })?.path).toBe('')
  })

  test('a port that the URL leaves open is taken from the options', () => {
    expect(url('mqtt://h', { port: 2000 })?.port).toBe(2000)
    expect(url('mqtt://h:1', { port: 2000 })?.port).toBe(1)
  })

  test('tls means TLS, whatever the scheme', () => {
    expect(url('mqtt://h', { tls: true })).toMatchObject({ transport: 'tls', port: 8883, label: 'mqtts://h:8883' })
    expect(url('ws://h', { tls: {} })).toMatchObject({ transport: 'wss', port: 443 })
    expect(url('mqtts://h', { tls: false })).toMatchObject({ transport: 'tls' })
  })

  test('url comes before servers, and servers keep their order', () => {
    const servers = ['mqtt://b', 'ws://c']
    expect(nodePlatform.endpoints({ servers }).map(({ host }) => host)).toEqual(['b', 'c'])
    expect(nodePlatform.endpoints({ url: 'mqtt://a', servers }).map(({ host }) => host)).toEqual(['a', 'b', 'c'])
  })

  test('the label holds neither credentials nor the query', () => {
    expect(url('wss://user:secret@h/mqtt?token=secret')?.label).toBe('wss://h:443/mqtt')
  })
})

describe('host, port and their like', () => {
  test('defaults', () => {
    expect(endpoint({})).toMatchObject({ transport: 'tcp', host: 'localhost', port: 1883, path: '' })
    expect(endpoint({ tls: true })).toMatchObject({ transport: 'tls', port: 8883 })
    expect(endpoint({ transport: 'ws' })).toMatchObject({ port: 80, path: '/mqtt' })
    expect(endpoint({ transport: 'ws', tls: true })).toMatchObject({ transport: 'wss', port: 443, path: '/mqtt' })
    const page = createBrowserPlatform(null, { location: { protocol: 'https:' } })
    expect(page.endpoints({})[0]).toMatchObject({ transport: 'wss', host: 'localhost', port: 443 })
  })

  test.each([' ::1 ', '[::1]', 'fe80::1%eth0', '::ffff:127.0.0.1'])('host %s is an address', (host) => {
    expect(endpoint({ host })?.host).toBe(host.replace(/[[\] ]/g, ''))
  })
})

describe('what is refused, by the name of its option', () => {
  const cases: [ClientOptions, string | RegExp][] = [
    [{ url: 'htp://h' }, 'url: expected one of mqtt, tcp, mqtts, ssl, tls, ws, wss, got htp'],
    [{ url: 'constructor://h' }, /^url: expected one of/],
    [{ url: 'localhost' }, /^url: expected one of .*, got no scheme$/],
    [{ url: 'mqtt:h' }, /^url: .*, got no scheme$/],
    [{ url: '' }, /^url: .*, got no scheme$/],
    [{ url: 'mqtt://' }, /^url: expected mqtt:\/\/user:password@host:port/],
    [{ url: 'mqtt:///h' }, /^url: expected mqtt:\/\/user:password@host:port/],
    [{ url: 'mqtt://h:99999' }, /^url: expected mqtt:\/\/user:password@host:port/],
    [{ url: 'mqtt://h:0' }, /^url: expected mqtt:\/\/user:password@host:port/],
    [{ url: 'mqtt://h/topic' }, /^url: mqtt:\/\/ takes no path/],
    [{ url: 'mqtt://h?clientId=1' }, /^url: mqtt:\/\/ takes no path/],
    [{ url: 'ws://h/#x' }, /^url: expected ws:\/\/user:password@host:port, each part by encodeURIComponent$/],
    [{ url: 7 as never }, /^url: .*, got no scheme$/],
    [{ url: null as never }, /^url: .*, got no scheme$/],
    [{ servers: ['mqtt://a', 'b'] }, /^servers\[1\]: .*, got no scheme$/],
    [{ servers: [] }, 'servers: expected at least one URL'],
    [{ servers: 'mqtt://a' as never }, /^servers\[0\]: .*, got no scheme$/],
    [{ host: null as never }, /^host: /],
    [{ host: '' }, /^host: expected a name or an address/],
    [{ host: 'mqtt://h' }, /^host: expected a name or an address, not a URL/],
    [{ host: 'a b' }, /^host: /],
    [{ host: 'h:1883' }, /^host: .*or a port$/],
    [{ port: 0 }, 'port: expected an integer from 1 to 65535, got 0 (number)'],
    [{ port: 1.5 }, /^port: /],
    [{ port: Number.NaN }, /^port: /],
    [{ port: '1883' as never }, 'port: expected an integer from 1 to 65535, got 1883 (string)'],
    [{ url: 'mqtt://h', port: 70_000 }, /^port: /],
    [{ transport: 'udp' as never }, 'transport: expected one of mqtt, tcp, mqtts, ssl, tls, ws, wss, got udp'],
    [{ transport: 'toString' as never }, /^transport: /],
    [{ tls: 'yes' as never }, /^tls: expected a boolean or an object/],
    [{ transport: 'ws', path: 'a b' }, /^path: /],
    [{ transport: 'ws', path: 7 as never }, /^path: expected a string/],
  ]
  test.each(cases)('%j', (options, message) => {
    expect(() => endpoint(options)).toThrow(message)
    expect(() => endpoint(options)).toThrow(/^(?!.*undefined)/)
  })

  test.each([
    'mqtt://user:hunter2@h:99999',
    'mqtt://user:hunter2/@h',
    'mqtt://user:hunter2#@h',
    'mqtt://user:1/hunter2@h',
    'mqtt://user:hunter2%@h',
    'mqtt://user:hunter2%FF@h',
    'mqtt://hunter2%zz@h',
    'user:hunter2@h',
    'hunter2:secret@h',
    'htp://user:hunter2@h',
    'ws://user:hunter2@h/#x',
    'ws://user:hunter2%@h',
    'mqtt://user:x\\hunter2@h',
  ])('no secret is in the error, nor in its causes, for %s', (text) => {
    try {
      url(text)
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      const { message, stack, cause } = error as Error
      expect(`${message} ${stack}`).not.toContain('hunter2')
      expect(cause).toBeUndefined()
      return
    }
    expect.unreachable('it was accepted')
  })
})

describe('clients of one server', () => {
  test('share one endpoint where they name it by the same URL, and none where another option differs', () => {
    const options = { url: 'ws://shared:8083', path: '/a' }
    expect(endpoint({ ...options })).toBe(endpoint(options))
    expect(endpoint({ ...options, path: '/b' })).toMatchObject({ host: 'shared', path: '/b' })
    expect(endpoint({ ...options, tls: true })).toMatchObject({ host: 'shared', transport: 'wss' })
    expect(endpoint({ url: 'ws://other:8083', path: '/a' })).toMatchObject({ host: 'other', path: '/a' })
    expect(nodePlatform.endpoints({ ...options, servers: ['mqtt://b'] })).toHaveLength(2)
  })

  test('share none that holds a password: it goes with its client', () => {
    const named = 'mqtt://user:secret@shared'
    expect(url(named)).not.toBe(url(named))
    expect(url(named)).toMatchObject({ username: 'user', password: 'secret' })
  })
})
