/** What there is to fuzz, and where the fuzzer keeps what it needs and finds. */

import { join } from 'node:path'
import { ROOT } from '../support/setup.mjs'

export const TARGETS = /** @type {const} */ (['decoder', 'differential', 'session'])

export const CACHE = join(ROOT, 'node_modules/.cache/emqtt/fuzz')
