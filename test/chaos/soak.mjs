/** `npm run soak`: sets up what it needs, and runs soak.ts. docs/delivery.md says what the environment may ask for. */

import { setUpAndLoad } from './load.mjs'

const soak = await setUpAndLoad('soak.ts')
if (!(await soak.soakForLong())) process.exitCode = 1
