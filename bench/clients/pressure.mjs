/** Back pressure for clients that have none of their own: whether their socket has too much to send, and when no more. */

import { once } from 'node:events'

const HIGH_WATER = 256 * 1024

/** @param {import('node:stream').Writable} stream */
export function watchStream(stream) {
  let draining
  return {
    full: () => stream.writableNeedDrain,
    drained() {
      draining ??= once(stream, 'drain').then(() => {
        draining = undefined
      })
      return draining
    },
  }
}

/** A WebSocket has no event for it. @param {{ bufferedAmount: number }} socket */
export function watchWebSocket(socket) {
  let draining
  const poll = (resolve) => {
    if (socket.bufferedAmount > HIGH_WATER / 4) return void setImmediate(poll, resolve)
    draining = undefined
    resolve()
  }
  return {
    full: () => draining !== undefined || socket.bufferedAmount > HIGH_WATER,
    drained() {
      draining ??= new Promise(poll)
      return draining
    },
  }
}
