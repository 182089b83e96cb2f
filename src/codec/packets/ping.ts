/** PINGREQ and PINGRESP (§3.12, §3.13): two bytes that prove life. */

import type { Writer } from '../bytes.js'

export interface Pingreq {
  type: 'pingreq'
}

export interface Pingresp {
  type: 'pingresp'
}

export interface Pingreq {
  type: 'pingreq'
}

export interface Pingresp {
  type: 'pingresp'
}

const PINGREQ: Pingreq = Object.freeze({ type: 'pingreq' })
const PINGRESP: Pingresp = Object.freeze({ type: 'pingresp' })

export function writePing(writer: Writer, packet: Pingreq | Pingresp): void {
  writer.begin(packet.type === 'pingreq' ? 0xc0 : 0xd0, 0)
}

export function decodePingreq(): Pingreq {
  return PINGREQ
}

export function decodePingresp(): Pingresp {
  return PINGRESP
}
