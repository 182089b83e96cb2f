/** All breaks: at least one for each clause that can be tested. */

import type { Break } from '../breaks.js'
import { CODEC_311 } from './codec-3.1.1.js'
import { CONNECTION_311 } from './connection-3.1.1.js'
import { SESSION_311 } from './session-3.1.1.js'

export const BREAKS: readonly Break[] = [...CODEC_311, ...SESSION_311, ...CONNECTION_311]
