/** All breaks: at least one for each clause that can be tested. */

import type { Break } from '../breaks.js'
import { CLIENT_5 } from './client-5.0.js'
import { CODEC_311 } from './codec-3.1.1.js'
import { CODEC_5 } from './codec-5.0.js'
import { CONNECTION_311 } from './connection-3.1.1.js'
import { SESSION_311 } from './session-3.1.1.js'
import { SESSION_5 } from './session-5.0.js'

export const BREAKS: readonly Break[] = [
  ...CODEC_5,
  ...SESSION_5,
  ...CLIENT_5,
  ...CODEC_311,
  ...SESSION_311,
  ...CONNECTION_311,
]
