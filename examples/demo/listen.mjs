/** Listens on loopback: at the port that people expect or, where that is taken, at any free one. */

import { once } from 'node:events'

export const HOST = '127.0.0.1'

/** Resolves with the port in use, once `server` accepts connections. */
export async function listen(server, preferred = 0) {
  try {
    server.listen(preferred, HOST)
    await once(server, 'listening')
  } catch (error) {
    const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
    if (!taken || preferred === 0) throw error
    return listen(server)
  }
  return server.address().port
}
