/** The time that one `emqtt pub` takes, from the start of the process to its end. */

import { fileURLToPath } from 'node:url'
import { findProgram } from '../../test/support/setup.mjs'

const OURS = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const MQTT_JS = fileURLToPath(new URL('../node_modules/mqtt/build/bin/mqtt.js', import.meta.url))
/** Not a program of Node; where the machine has it (Debian's mosquitto-clients). */
const MOSQUITTO_PUB = findProgram('mosquitto_pub')
const TIMES = 15

const publish = ['-h', '{host}', '-p', '{port}', '-t', 'bench/command', '-q', '1', '-m', 'hello']

/** @type {import('../part.mjs').Part} */
export const command = {
  title: 'Command line',
  says: 'the time that one publish takes on the command line',
  cases: [
    {
      name: 'command line/pub',
      program: 'command',
      peer: { program: 'mosquitto' },
      contenders: {
        emqtt: {
          command: 'node',
          args: [OURS, 'pub', ...publish.map((word) => (word === '-m' ? '--payload' : word))],
          publishes: true,
          times: TIMES,
        },
        'MQTT.js': { command: 'node', args: [MQTT_JS, 'publish', ...publish], publishes: true, times: TIMES },
        ...(MOSQUITTO_PUB && {
          mosquitto_pub: { command: MOSQUITTO_PUB, args: publish, publishes: true, times: TIMES },
        }),
        limit: { command: 'node', args: ['-e', '0'], publishes: false, times: TIMES },
      },
    },
  ],
  rows: [
    {
      name: 'command line, one publish at QoS 1',
      unit: 'ms',
      case: 'command line/pub',
      figure: 'median',
      target: { most: 100 },
    },
    // Where the system tells it (Linux).
    ...(process.platform === 'linux'
      ? [{ name: 'command line, CPU of one publish', unit: 'ms', case: 'command line/pub', figure: 'cpu' }]
      : []),
  ],
}
