/**
 * The names that the README of emqtt for Erlang gives (https://github.com/emqx/emqtt, 1.2 and, where marked, later):
 * its options, exports with their arities, properties and flags. Each has a row in docs/parity.md.
 */

import type { Demand } from './table.js'

const words = (text: string): string[] => text.trim().split(/\s+/)

const START_OPTIONS = words(`
  name owner host port tcp_opts ssl ssl_opts ws_path connect_timeout bridge_mode clientid clean_start username password
  proto_ver keepalive max_inflight retry_interval will_topic will_payload will_retain will_qos will_props auto_ack
  ack_timeout force_ping properties enhanced_auth`)

const LATER_OPTIONS = words(`
  hosts reconnect reconnect_timeout msg_handler retry_calls_on_reconnect password low_mem with_qoe_metrics`)

const EXPORTS = words(`
  start_link/0 start_link/1 connect/1 ws_connect/1 disconnect/1 disconnect/2 disconnect/3 ping/1 subscribe/2 subscribe/3
  subscribe/4 unsubscribe/2 unsubscribe/3 publish/2 publish/3 publish/4 publish/5 puback/2 puback/3 puback/4 pubrec/2
  pubrec/3 pubrec/4 pubrel/2 pubrel/3 pubrel/4 pubcomp/2 pubcomp/3 pubcomp/4 reauthentication/1 reauthentication/2
  subscriptions/1 stop/1 pause/1 resume/1 status/1 info/1 info/2`)

const PROPERTIES = words(`
  Payload-Format-Indicator Message-Expiry-Interval Content-Type Response-Topic Correlation-Data Subscription-Identifier
  Session-Expiry-Interval Assigned-Client-Identifier Server-Keep-Alive Authentication-Method Authentication-Data
  Request-Problem-Information Will-Delay-Interval Request-Response-Information Response-Information Server-Reference
  Reason-String Receive-Maximum Topic-Alias-Maximum Topic-Alias Maximum-QoS Retain-Available User-Property
  Maximum-Packet-Size Wildcard-Subscription-Available Subscription-Identifier-Available Shared-Subscription-Available`)

const FLAGS = words(`
  -h --host -p --port -I --iface -V --protocol-version -u --username -P --password -C --clientid -k --keepalive
  -t --topic -q --qos -r --retain --help --will-topic --will-payload --will-qos --will-retain --enable-websocket
  --enable-ssl --tls-version --CAfile --cert --key --payload --repeat --repeat-delay --repeat-count
  --retain-as-publish --retain-handling --file --print --max-inflight --sni --verify`)

const SECTIONS: readonly (readonly [section: string, names: readonly string[]])[] = [
  ['Start options', START_OPTIONS],
  ['Options of later versions', LATER_OPTIONS],
  ['Functions', EXPORTS],
  ['Properties', PROPERTIES],
  ['Subscription options', ['qos', 'nl', 'rap', 'rh']],
  ['Publish options', ['qos', 'retain']],
  ['Command line', [...FLAGS, 'emqtt connect', '--log-level']],
]

export const REFERENCE: readonly Demand[] = SECTIONS.map(([sections, names]) => ({
  sections,
  names,
  column: 'emqtt (Erlang)',
  origin: 'README of emqtt for Erlang',
}))
