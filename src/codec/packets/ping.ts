/** PINGREQ and PINGRESP (§3.12, §3.13): two bytes that prove life. */

/** From the client: are you there? */
export interface Pingreq {
  type: 'pingreq'
}

/** From the server: I am. */
export interface Pingresp {
  type: 'pingresp'
}

const PINGREQ: Pingreq = Object.freeze({ type: 'pingreq' })
const PINGRESP: Pingresp = Object.freeze({ type: 'pingresp' })

/** They have no body. */
export function emitPing(): void {}

export function decodePingreq(): Pingreq {
  return PINGREQ
}

export function decodePingresp(): Pingresp {
  return PINGRESP
}
