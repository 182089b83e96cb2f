/**
 * Starts the fuzzer with the arguments of its command line, as fast as it goes: it is run by `run.mjs`, by a Node that can
 * load it.
 */

import { fuzzer } from '@jazzer.js/fuzzer'

/** What comparisons do without being watched. */
const COMPARE = {
  /** @type {(a: any, b: any) => boolean} */
  '===': (a, b) => a === b,
  /** @type {(a: any, b: any) => boolean} */
  '!==': (a, b) => a !== b,
  /** @type {(a: any, b: any) => boolean} */
  '<': (a, b) => a < b,
  /** @type {(a: any, b: any) => boolean} */
  '<=': (a, b) => a <= b,
  /** @type {(a: any, b: any) => boolean} */
  '>': (a, b) => a > b,
  /** @type {(a: any, b: any) => boolean} */
  '>=': (a, b) => a >= b,
}

// To be told of each comparison costs a quarter of the rate, and gave no more edges: our packets hold few magic values.
const compare = (/** @type {any} */ a, /** @type {any} */ b, /** @type {keyof typeof COMPARE} */ operator) =>
  COMPARE[operator](a, b)
Object.assign(fuzzer.tracer, {
  traceNumberCmp: compare,
  traceStrCmp: compare,
  traceAndReturn: (/** @type {unknown} */ _, /** @type {unknown} */ target) => target,
})

// An error is made at every second input; its stack is asked for when it is explained.
Error.stackTraceLimit = 0

// Where Node runs under another loader it takes that for itself. The fuzzer starts itself again when it merges.
process.argv[0] = process.env.EMQTT_FUZZ_NODE ?? process.execPath
await import('@jazzer.js/core/dist/cli.js')
