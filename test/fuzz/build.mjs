/** Bundles the targets so that what is fuzzed is in files of its own: only those are watched by the fuzzer. */

import { join } from 'node:path'
import { build } from 'vite'
import { ROOT } from '../support/setup.mjs'
import { CACHE, TARGETS } from './places.mjs'

/** The folder of what is fuzzed, in a bundle. */
export const PRODUCT = 'product'

/**
 * Resolves to the folder of the bundle.
 */
export async function bundleTargets() {
  const folder = join(CACHE, 'bundle')
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      target: 'node20',
      ssr: true,
      rolldownOptions: {
        input: Object.fromEntries(TARGETS.map((name) => [name, join(ROOT, 'test/fuzz/targets', `${name}.ts`)])),
        external: ['mqtt-packet'],
        output: {
          format: 'es',
          entryFileNames: '[name].mjs',
          chunkFileNames: '[name].mjs',
          // One file for each of ours, so that the fuzzer numbers its edges whatever else changes.
          codeSplitting: { groups: [{ name: PRODUCT, test: /\/src\/(codec|session|client|errors)/ }] },
        },
      },
    },
  })
  return folder
}
