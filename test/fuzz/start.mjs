/**
 * Starts the fuzzer with the arguments of its command line. Where Node runs under another loader, it takes that for itself,
 * and the fuzzer, which starts itself again when it merges, has to be told what to start.
 */

process.argv[0] = process.env.EMQTT_FUZZ_NODE ?? process.execPath
// An error is made at every second input, and its stack is looked at when it is explained.
Error.stackTraceLimit = 0
await import('@jazzer.js/core/dist/cli.js')
