/** All breaks: at least one for each clause that can be tested. */

import type { Break } from '../breaks.js'
import { CODEC_311 } from './codec-3.1.1.js'

export const BREAKS: readonly Break[] = [...CODEC_311]
