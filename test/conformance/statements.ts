/**
 * The normative statements of MQTT, and whom each binds. The ids are those of Appendix B of the OASIS Standards
 * "MQTT Version 5.0" (7 March 2019) and "MQTT Version 3.1.1" (29 October 2014).
 */

export const VERSIONS = ['5.0', '3.1.1'] as const
export type Version = (typeof VERSIONS)[number]
export type Binds = 'client' | 'server' | 'both'

export interface Statement {
  /** Such as `MQTT-3.1.2-9`. Where 3.1.1 spells one otherwise (`3.1.2.7`, `3-8.3-4`), as its neighbours. */
  readonly id: string
  readonly binds: Binds
}

/** By section, the numbers of the statements that bind each: single ones and ranges. */
const NUMBERS: Record<Version, Record<string, Partial<Record<Binds, string>>>> = {
  '5.0': {
    '1.5.4': { both: '1-3' },
    '1.5.5': { both: '1' },
    '1.5.7': { both: '1' },
    '2.1.3': { both: '1' },
    '2.2.1': { client: '3', server: '4 6', both: '2 5' },
    '2.2.2': { both: '1' },
    '3.1.0': { client: '1', server: '2' },
    '3.1.2': { client: '9 11-13 16-21 30', server: '2-3 5-8 10 14-15 22 24-29', both: '1 4 23' },
    '3.1.3': { client: '1 3-4 11-12', server: '5-10', both: '2' },
    '3.1.4': { server: '1-6' },
    '3.2.0': { server: '1-2' },
    '3.2.2': { client: '4-5 11 14-15 17-18 21', server: '1-3 6-10 12-13 16 19-20 22' },
    '3.3.1': { server: '5-13', both: '1-4' },
    '3.3.2': { client: '9-10', server: '3-6 11-12 15-18 20', both: '1-2 7-8 13-14 19' },
    '3.3.4': { client: '6-8', server: '2-5 9-10', both: '1' },
    '3.4.2': { both: '1-3' },
    '3.5.2': { both: '1-3' },
    '3.6.1': { both: '1' },
    '3.6.2': { both: '1-3' },
    '3.7.2': { both: '1-3' },
    '3.8.1': { client: '1' },
    '3.8.3': { client: '1-2 4', server: '3 5' },
    '3.8.4': { server: '1-8' },
    '3.9.2': { server: '1-2' },
    '3.9.3': { server: '1-2' },
    '3.10.1': { client: '1' },
    '3.10.3': { client: '1-2' },
    '3.10.4': { server: '1-6' },
    '3.11.2': { server: '1-2' },
    '3.11.3': { server: '1-2' },
    '3.12.4': { server: '1' },
    '3.14.0': { server: '1' },
    '3.14.1': { both: '1' },
    '3.14.2': { server: '2', both: '1 3-4' },
    '3.14.4': { server: '3', both: '1-2' },
    '3.15.1': { both: '1' },
    '3.15.2': { both: '1-3' },
    '4.1.0': { server: '2', both: '1' },
    '4.2.0': { both: '1' },
    '4.3.1': { both: '1' },
    '4.3.2': { both: '1-5' },
    '4.3.3': { both: '1-13' },
    '4.4.0': { both: '1-2' },
    '4.5.0': { client: '2', server: '1' },
    '4.6.0': { client: '1-4', server: '5-6' },
    '4.7.0': { both: '1' },
    '4.7.1': { client: '1-2' },
    '4.7.2': { server: '1' },
    '4.7.3': { server: '4', both: '1-3' },
    '4.8.2': { client: '1-2', server: '3-6' },
    '4.9.0': { both: '1-3' },
    '4.12.0': { client: '3 7', server: '1-2 4 6', both: '5' },
    '4.12.1': { client: '1', both: '2' },
    '4.13.1': { server: '1' },
    '4.13.2': { both: '1' },
    '6.0.0': { client: '3', server: '4', both: '1-2' },
  },
  '3.1.1': {
    '1.5.3': { both: '1-3' },
    '2.2.2': { both: '1-2' },
    '2.3.1': { client: '2-3', server: '4 7', both: '1 5-6' },
    '3.1.0': { client: '1', server: '2' },
    '3.1.2': { client: '9 11 13-15 18-23', server: '1-3 5 7-8 10 12 16-17 24', both: '4 6' },
    '3.1.3': { client: '1 3-4 7 10-11', server: '5-6 8-9', both: '2' },
    '3.1.4': { server: '1-5' },
    '3.2.0': { server: '1' },
    '3.2.2': { server: '1-6' },
    '3.3.1': { server: '5-12', both: '1-4' },
    '3.3.2': { server: '3', both: '1-2' },
    '3.3.4': { both: '1' },
    '3.3.5': { server: '1-2' },
    '3.6.1': { both: '1' },
    '3.8.1': { client: '1' },
    '3.8.3': { client: '1 3', server: '2 4' },
    '3.8.4': { server: '1-6' },
    '3.9.3': { server: '1-2' },
    '3.10.1': { client: '1' },
    '3.10.3': { client: '1-2' },
    '3.10.4': { server: '1-6' },
    '3.12.4': { server: '1' },
    '3.14.1': { server: '1' },
    '3.14.4': { client: '1-2', server: '3' },
    '4.1.0': { both: '1-2' },
    '4.3.1': { both: '1' },
    '4.3.2': { both: '1-2' },
    '4.3.3': { both: '1-2' },
    '4.4.0': { both: '1' },
    '4.5.0': { client: '2', server: '1' },
    '4.6.0': { client: '1-4', server: '5-6' },
    '4.7.1': { client: '2-3', both: '1' },
    '4.7.2': { server: '1' },
    '4.7.3': { server: '4', both: '1-3' },
    '4.8.0': { both: '1-2' },
    '6.0.0': { client: '3', server: '4', both: '1-2' },
    '7.0.0': { server: '1', both: '2' },
    '7.1.1': { server: '1' },
    '7.1.2': { client: '1' },
  },
}

/** Why no test can prove what a client is bound to. */
export const UNTESTABLE: Record<Version, Record<string, string>> = {
  '5.0': {
    'MQTT-3.1.3-2': 'It says what both sides take the Client Identifier for; no packet shows it.',
    'MQTT-4.1.0-1': 'It forbids an act, at no certain time; all tests that a session goes on need it kept.',
    'MQTT-4.2.0-1': 'It is about what is below: TCP, TLS and WebSocket, which the hosts bring, are such transports.',
    'MQTT-4.3.3-7': 'It forbids an act, at no certain time; what was sent is in no line in which messages expire.',
    'MQTT-4.3.3-13': 'It binds who holds a message on for others; here it is the application’s as soon as it came.',
  },
  '3.1.1': {
    'MQTT-3.1.3-2': 'It says what both sides take the Client Identifier for; no packet shows it.',
    'MQTT-4.1.0-1': 'It forbids an act, at no certain time; all tests that a session goes on need it kept.',
    'MQTT-4.1.0-2': 'It forbids an act, at no certain time; all tests that a session goes on need it kept.',
    'MQTT-4.8.0-2':
      'Which errors are transient is left open, and the client knows none: each error ends the connection.',
    'MQTT-7.0.0-2': 'It is about what an implementation asks of others; the tests with brokers do without extensions.',
    'MQTT-7.1.2-1': 'It is about what is below: TCP, TLS and WebSocket, which the hosts bring, are such transports.',
  },
}

function expand(numbers: string): number[] {
  return numbers.split(' ').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?]
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
}

function statementsOf(version: Version): Statement[] {
  return Object.entries(NUMBERS[version]).flatMap(([section, bound]) =>
    (Object.entries(bound) as [Binds, string][])
      .flatMap(([binds, numbers]) => expand(numbers).map((number) => ({ number, binds })))
      .sort((a, b) => a.number - b.number)
      .map(({ number, binds }) => ({ id: `MQTT-${section}-${number}`, binds })),
  )
}

/** All statements of a version, in the order of the standard, by id. */
export const STATEMENTS: Record<Version, ReadonlyMap<string, Statement>> = {
  '5.0': new Map(statementsOf('5.0').map((statement) => [statement.id, statement])),
  '3.1.1': new Map(statementsOf('3.1.1').map((statement) => [statement.id, statement])),
}
