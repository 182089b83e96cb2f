/**
 * `emqtt/codec`: MQTT packets to bytes and back, for brokers, proxies and tools. Pure: no I/O, no clock, no host.
 */

export { isMqttError, MqttError, ProtocolError } from '../errors.js'
export { encodePacket, type PacketInput } from './encode.js'
export type { Packet } from './packet.js'
export { PacketReader, PacketReaderError, type PacketReaderOptions } from './packet-reader.js'
export type { Ack, AckInput, AckProperties, AckType, Puback, Pubcomp, Pubrec, Pubrel } from './packets/acks.js'
export type { Auth, AuthInput, AuthProperties } from './packets/auth.js'
export type { Connack, ConnackInput, ConnackProperties } from './packets/connack.js'
export type { Connect, ConnectInput, Will, WillInput, WillProperties } from './packets/connect.js'
export type { Disconnect, DisconnectInput, DisconnectProperties } from './packets/disconnect.js'
export type { Pingreq, Pingresp } from './packets/ping.js'
export type { Publish, PublishInput, PublishProperties } from './packets/publish.js'
export type { Suback, SubackInput, SubackProperties } from './packets/suback.js'
export type {
  Subscribe,
  SubscribeInput,
  SubscribeProperties,
  SubscriptionRequest,
  SubscriptionRequestInput,
} from './packets/subscribe.js'
export type { Unsuback, UnsubackInput, UnsubackProperties } from './packets/unsuback.js'
export type { Unsubscribe, UnsubscribeInput, UnsubscribeProperties } from './packets/unsubscribe.js'
export type { ConnectProperties, Properties } from './properties.js'
export type { PacketType, ProtocolVersion, QoS } from './protocol.js'
export { reasonName, returnCodeName } from './reason.js'
export { parseSharedFilter, topicMatches } from './topic.js'
