/** What each command may be told, and what its help says about it. */

import { connection } from './connection-options.js'
import { OFF, row, under } from './rows.js'
import { collected, filled, flag, oneOf, qos, seconds, text, topicName, wholeNumber } from './values.js'

const message = under('Message', {
  topic: row('-t, --topic <topic>', 'topic to publish to', topicName, { required: true }),
  payload: row('--payload <payload>', 'the message, or - to read it from stdin', text, {}),
  file: row('--file <file>', 'file with the message', filled, {}),
  lines: row('-l, --lines [bool]', 'publish each line of stdin as it comes, without the empty ones', flag, OFF),
  qos: row('-q, --qos [qos]', 'QoS of the message: 0, 1 or 2', qos, { default: '0' }),
  retain: row('-r, --retain [bool]', 'whether the message is retained', flag, OFF),
  repeat: row('--repeat [count]', 'how often the message is published', wholeNumber(1, 2 ** 32 - 1), { default: '1' }),
  repeatDelay: row(
    '--repeat-delay [seconds]',
    'wait between the delivery of one and the publishing of the next',
    seconds,
    { default: '0', alias: '--repeat-count' },
  ),
  maxInflight: row(
    '--max-inflight <count>',
    'most messages of QoS 1 and 2 under way at once (default: what the server takes)',
    wholeNumber(1, 65_535),
    {},
    (draft, count) => {
      draft.maxInflight = count
    },
  ),
})

const subscription = under('Subscription', {
  topic: row('-t, --topic <filter>', 'topic filter to subscribe to; may be given again for more', collected, {
    required: true,
  }),
  qos: row('-q, --qos [qos]', 'highest QoS at which messages are sent here: 0, 1 or 2', qos, { default: '0' }),
  retainAsPublish: row('--retain-as-publish [bool]', 'keep the retain flag as published (v5)', flag, OFF),
  retainHandling: row(
    '--retain-handling [0-2]',
    'retained messages come 0 always, 1 for a new subscription, 2 never (v5)',
    oneOf({ '0': 0, '1': 1, '2': 2 } as const),
    { default: '0' },
  ),
})

const output = under('Output', {
  format: row(
    '--format <format>',
    'text, json, hex or base64: one line each; raw: the bytes and nothing else (default: text)',
    oneOf({ text: 'text', json: 'json', hex: 'hex', base64: 'base64', raw: 'raw' } as const),
    {},
  ),
  print: row(
    '--print [what]',
    'in place of --format; as-string: the payload as UTF-8, size: how many bytes it has',
    oneOf({ size: 'size', 'as-string': 'as-string' } as const),
    { alone: 'as-string' },
  ),
  verbose: row('-v, --verbose [bool]', 'begin each line with the topic', flag, OFF),
  count: row('--count <count>', 'exit once so many messages have come', wholeNumber(1, 2 ** 32 - 1), {}),
})

export const TABLES = {
  pub: { ...message, ...connection },
  sub: { ...subscription, ...output, ...connection },
  connect: connection,
}

export type Tables = typeof TABLES

const ENVIRONMENT = `
Environment:
  EMQTT_USERNAME  the user name, unless --username is given
  EMQTT_PASSWORD  the password, unless --password or --password-file is given`

const exitCodes = (timeout: string): string => `

Exit codes:
  0    done
  1    refused by the server, not connected, or the connection was lost
  2    the command line is wrong; nothing was sent
  124  --timeout: ${timeout}
  130  interrupted by SIGINT before it was done; 143: by SIGTERM`

interface About {
  readonly usage: string
  readonly what: string
  readonly after: string
}

export const ABOUT: Record<keyof Tables, About> = {
  pub: {
    usage: '-t <topic> [--payload <payload> | --file <file> | --lines] [options]',
    what:
      'Publishes a message, or the same message several times, and exits.\n' +
      'Without --payload and --file the message is what is piped into stdin.',
    after: ENVIRONMENT + exitCodes('not all was delivered in time'),
  },
  sub: {
    usage: '-t <filter> [options]',
    what: 'Subscribes, and prints the payload of each message to stdout, one per line, until interrupted.',
    after:
      ENVIRONMENT +
      exitCodes('not subscribed in time, or fewer messages than --count;\n       without --count it ends with 0'),
  },
  connect: {
    usage: '[options]',
    what: 'Connects, and stays connected until interrupted.',
    after: ENVIRONMENT + exitCodes('not connected in time; once connected it ends with 0'),
  },
}
