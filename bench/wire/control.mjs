/** How a program asks its peer beside the wire that is measured: a line of JSON each way, on a socket of its own. */

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * Answers questions by name.
 * @param {Readonly<Record<string, (...values: any[]) => unknown>>} answers
 * @returns {Promise<number>} The port.
 */
export async function serveControl(answers) {
  const server = createServer({ noDelay: true }, async (socket) => {
    socket.on('error', () => {})
    for await (const line of createInterface(socket)) {
      const [name, ...values] = JSON.parse(line)
      const answer = await answers[name](...values)
      socket.write(`${JSON.stringify(answer ?? null)}\n`)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/** @param {number} port */
export async function openControl(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const waiting = []
  createInterface(socket).on('line', (line) => waiting.shift()(JSON.parse(line)))
  await once(socket, 'connect')
  return {
    /** @returns {Promise<any>} */
    ask(name, ...values) {
      socket.write(`${JSON.stringify([name, ...values])}\n`)
      return new Promise((resolve) => waiting.push(resolve))
    },
    close: () => socket.destroy(),
  }
}
