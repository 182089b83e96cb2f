/** A real HTTP proxy: CONNECT, and with a password where one is wanted. */

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type Listening, listening } from './servers.js'

export interface Proxy extends Listening {
  /** What it was asked for, as `host:port`, and how. */
  readonly asked: { target: string; headers: IncomingHttpHeaders }[]
}

export interface ProxyOptions {
  /** `name:password`; without it everybody may pass. */
  account?: string
  /** Answers every CONNECT with this status instead of connecting. */
  status?: number
}

/** Wherever CONNECT asks for, it goes to 127.0.0.1: so a test may ask for any host. */
export async function startProxy({ account, status }: ProxyOptions = {}): Promise<Proxy> {
  const asked: Proxy['asked'] = []
  const expected = account === undefined ? undefined : `Basic ${Buffer.from(account).toString('base64')}`
  const http = createServer((_, response) => response.writeHead(405).end())
  http.on('connect', async ({ url = '', headers }, inside: Socket, head: Buffer) => {
    asked.push({ target: url, headers })
    const refusal = status ?? (headers['proxy-authorization'] === expected ? undefined : 407)
    if (refusal !== undefined) {
      inside.end(`HTTP/1.1 ${refusal} No\r\nproxy-authenticate: Basic realm="test"\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const outside = connect(Number(url.replace(/.*:/, '')), '127.0.0.1')
    inside.on('error', () => {}).on('close', () => outside.destroy())
    outside.on('error', () => {}).on('close', () => inside.destroy())
    await once(outside, 'connect')
    inside.write('HTTP/1.1 200 Connected\r\n\r\n')
    outside.write(head)
    inside.pipe(outside).pipe(inside)
  })
  return { asked, ...(await listening(http)) }
}
