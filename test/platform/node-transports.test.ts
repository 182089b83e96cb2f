/** Every transport of Node keeps the contract. */

import { nodePlatform } from '../../platform/node/platform.js'
import { transportContract } from './transport-contract.js'

for (const kind of ['tcp', 'tls', 'ws', 'wss'] as const) transportContract(kind, nodePlatform)
