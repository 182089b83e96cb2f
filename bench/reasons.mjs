/**
 * Why a row or a curve falls short, by its name: what the profile (`npm run profile`) shows. docs/performance.md has those
 * of what does fall short in the run that it shows.
 */

const ENCODING =
  'Each field is checked before a byte of the packet leaves: in the profile of PUBLISH a quarter is the length, the UTF-8 and the wildcards of the topic, in that of SUBSCRIBE 40 to 70 % is the loop over the characters of the filters, in that of six properties the list of them. mqtt-packet looks at less. An array each (`encodePacket`) costs the view of it besides, another tenth.'
const LATENCY =
  'Not settled: the fresh processes of one run differ by more than the clients do (p50 of ours 55 to 134 µs, of MQTT.js 57 to 119). Of three more rounds taken right after, the medians were 96 µs against 118 for p50 (0.82) and 484 against 778 for p99 (0.62). A bare socket is at 32 to 101.'
const REQUEST =
  'On this machine two bare sockets and mosquitto alone need 160 to 190 µs for it. MQTT.js as it comes needs 44 ms, with Nagle off by hand as long as we or longer.'
const CONNECTION =
  'Of the heap 1 KiB is Node’s own; the rest is one small object for each part of a client (2.5 KiB), the settings, a timer, the CONNECT packet, the handlers of the transport (1 KiB of these could still go). Memory of the process follows the heap; of the time a quarter is garbage collection, and a bare socket needs 0.4 of what MQTT.js does.'
const SIZE =
  'All versions and QoS, sessions, reconnecting, credentials, enhanced authentication, redirects, back pressure and sentences in errors are in each client, and methods of a class cannot be shaken off. By the source map of the UMD: client 42 %, session 27 %, codec 23 %, platform 7 %, errors 1 %; no file is above 7 %. Handing in what is optional, as the stores are, was measured: authentication 1.2 kB, credentials and expiry 0.8, iterators 0.4, limits of the outbox 0.3, redirects 0.3; that is 24 to 25 kB.'
const HANDLERS =
  'The messages go to all handlers in turn, so that each has left the caches when its turn comes; the bare map and call, the limit, has 0.8 of its own speed with one. Ours touches more: the consumer, its handler and what that holds.'
const COLD =
  'Topics come in an order that no cache foresees. The bare map beside it bends by as much; what is ours beyond 10,000 is the memory of found topics, which is bounded (8 MiB), so that the rest is looked up in the trie each time.'

/** @type {Readonly<Record<string, string>>} */
export const REASONS = {
  'encode PUBLISH, 5.0, an array each': ENCODING,
  'encode PUBLISH, 5.0, in a row': ENCODING,
  'encode SUBSCRIBE of 10 filters, 5.0, an array each': ENCODING,
  'encode SUBSCRIBE of 10 filters, 5.0, in a row': ENCODING,
  'encode PUBACK, 3.1.1, an array each': ENCODING,
  'encode PUBLISH with 6 properties, 5.0, an array each': ENCODING,
  'encode PUBLISH with 6 properties, 5.0, in a row': ENCODING,
  'publish, null broker, QoS 2, 16 B':
    'The profile is flat: garbage collection 8 %, the answers 6 %, cutting packets 6 %, nothing else above 5 %. The message keeps a record of 1.1 kB in all from PUBLISH to PUBCOMP.',
  'publish, mosquitto, QoS 0, 16 B':
    'mosquitto is what is measured: a bare socket reaches 1.08 of MQTT.js. The CPU of the client is 0.24 of it.',
  'QoS 1 ack, one after the other, p50': LATENCY,
  'QoS 1 ack, one after the other, p99': LATENCY,
  'QoS 1 request and reply, one process, p50': REQUEST,
  'QoS 1 request and reply, one process, Nagle off by hand, p50': REQUEST,
  'QoS 1 request and reply, two processes, Nagle off by hand, p50': REQUEST,
  'publish, QoS 1, 65,534 under way':
    '37 % of the profile is garbage collection: so many messages under way, each 950 B of objects, outlive the young generation and are copied. MQTT.js goes down as well, to 0.7.',
  '10,000 handlers, exact filters': HANDLERS,
  '10,000 handlers, filters with wildcards': HANDLERS,
  '5,000 connections, until all are connected': CONNECTION,
  '5,000 connections, heap of each': CONNECTION,
  '5,000 connections, memory of each in all (RSS)': CONNECTION,
  'all of it as shipped, brotli 11': SIZE,
  'connect, subscribe and publish, bundled, brotli 11': SIZE,
  'window of messages under way': 'The garbage collector, as in the row of 65,534 under way.',
  handlers: COLD,
  'handlers with wildcards': COLD,
  'payload in':
    'Memory that is touched for the first time: 0.54 ns of system time for each byte of a fresh 256 MiB, against 0.12 at 1 MiB. An eighth of the payload is copied twice, so that nothing is allocated on an announced length.',
}
