/** Publishing and receiving over WebSocket: what the client adds to what frames cost anybody. */

import { transportPart } from '../wire/cases.mjs'

export const websocket = transportPart('ws', 'WebSocket')
