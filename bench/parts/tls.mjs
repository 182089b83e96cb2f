/** Publishing and receiving over TLS: what the client adds to what TLS costs anybody. */

import { transportPart } from '../wire/cases.mjs'

export const tls = transportPart('tls', 'TLS')
