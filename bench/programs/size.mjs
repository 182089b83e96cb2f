/** Bytes of what a page loads: of a file as it is shipped, or of a program that esbuild bundles. Nothing is timed. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInThisContext } from 'node:vm'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { check, handIn, takeJob } from '../work.mjs'

const BENCH = fileURLToPath(new URL('..', import.meta.url))

/**
 * `file`, from bench: a script, tried with `start` behind it, or a module, tried by the program `source`. Without one the
 * program is what is measured; `alias` says where its imports are.
 */
const { file, source, alias = {}, start = '' } = await takeJob()

const bundle = source === undefined ? undefined : await makeBundle()
const code = file === undefined ? bundle : readFileSync(join(BENCH, file))
const opened = await findUrl(bundle ?? `${code}\n${start}`)
check(opened === 'ws://localhost:1883/mqtt', `it connects to ${opened}`)
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: code.length } }
handIn({
  minified: code.length,
  gzip: gzipSync(code, { level: 9 }).length,
  brotli: brotliCompressSync(code, brotli).length,
})

async function makeBundle() {
  const { outputFiles, warnings } = await build({
    stdin: { contents: source, resolveDir: BENCH },
    alias: Object.fromEntries(Object.entries(alias).map(([name, path]) => [name, join(BENCH, path)])),
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  })
  check(warnings.length === 0, `esbuild warns: ${warnings.map(({ text }) => text).join('; ')}`)
  return Buffer.from(outputFiles[0].contents)
}

/** Runs it as a page would run a script; gives the URL that it opens a WebSocket to. */
function findUrl(script) {
  return new Promise((resolve) => {
    // By these MQTT.js knows a browser.
    Object.assign(globalThis, { window: globalThis, document: {} })
    globalThis.navigator ??= { userAgent: 'bench' }
    globalThis.WebSocket = class {
      constructor(url) {
        resolve(String(url))
      }
      addEventListener() {}
      close() {}
    }
    runInThisContext(String(script))
  })
}
