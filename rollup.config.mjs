/** Makes dist. What each file is for stands in package.json, under `exports`. */

import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import typescript from '@rollup/plugin-typescript'
import { dts } from 'rollup-plugin-dts'
import { minifySync } from 'vite'

const NODE = fileURLToPath(new URL('platform/node/index.ts', import.meta.url))
const BROWSER = 'platform/browser/index.ts'
const CODEC = 'src/codec/index.ts'
const SCRAM = 'platform/scram/index.ts'
const STORE = 'platform/shared/store.ts'
const FILE_STORE = 'platform/node/file-store/index.ts'
const INDEXEDDB = 'platform/browser/indexeddb-store.ts'
const CLI = 'cli/main.ts'

/**
 * Bytes of the minified UMD, brotli: what it is now and a little. The aim is 15 000; each step down lowers this number,
 * and nobody raises it without saying what for: 200 for limits on what a server can make us hold, and no secret in events;
 * 560 for QoS 1 at 0.35 of the CPU (session/in-flight.ts) and 5 KiB less of heap for each connection; 570 for receiving at
 * half of the CPU (codec/copies.ts, codec/topic-names.ts); 200 for a third to a half of the garbage of each message, and
 * handlers that cost the same with wildcards.
 */
const BUDGET = 28_500
/** The same for the store of browsers: idb, the errors, and what makes a session last, all of which is here and not there. */
const STORE_BUDGET = 5_850

const fromNpmOrNode = /^(node:|isomorphic-ws$|classic-level$|commander$)/
// No comments, so that what is forbidden in a bundle is not in it even as a word; no host, because nothing is checked.
const compile = () => typescript({ tsconfig: 'tsconfig.build.json', removeComments: true, lib: ['ES2022'], types: [] })

export default [
  {
    input: NODE,
    output: both('dist/node'),
    external: fromNpmOrNode,
    plugins: [emptyDist(), compile()],
  },
  {
    input: CODEC,
    output: both('dist/codec'),
    plugins: [compile()],
  },
  {
    input: SCRAM,
    // Of the public door it takes the errors and nothing else.
    treeshake: { moduleSideEffects: false },
    output: both('dist/scram'),
    plugins: [compile(), nothingOfNode()],
  },
  {
    input: STORE,
    treeshake: { moduleSideEffects: false },
    output: both('dist/store', 'index'),
    plugins: [compile(), nothingOfNode()],
  },
  {
    input: FILE_STORE,
    external: fromNpmOrNode,
    // As above.
    treeshake: { moduleSideEffects: false },
    output: both('dist/store/file'),
    plugins: [compile()],
  },
  {
    input: INDEXEDDB,
    treeshake: { moduleSideEffects: false },
    output: [
      ...both('dist/store', 'indexeddb'),
      minified('dist/umd/emqtt-indexeddb.min.js', 'emqttIndexedDb', STORE_BUDGET),
    ],
    // Inlines idb, so that the browser has no dependency.
    plugins: [compile(), resolve({ browser: true }), nothingOfNode()],
  },
  {
    input: CLI,
    // The library is taken from beside it, not bundled a second time.
    external: [fromNpmOrNode, NODE],
    output: {
      ...esm('dist/cli'),
      // Node loads it faster than ES modules, and a command is started often and lives shortly.
      format: 'cjs',
      dynamicImportInCjs: false,
      paths: { [NODE]: '../node/index.cjs' },
      // Without it a shell takes the file for a script of its own, and runs what is in its help.
      banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
    },
    plugins: [compile(), commonJsFolder()],
  },
  // One set of types for all platforms: `moduleResolution: bundler` sets neither `node` nor `browser`, so that split
  // ones would hide `tls` from the author of a server.
  ...[
    [NODE, 'index'],
    [CODEC, 'codec'],
    [SCRAM, 'scram'],
    [STORE, 'store/index'],
    [FILE_STORE, 'store/file'],
    [INDEXEDDB, 'store/indexeddb'],
  ].map(([input, name]) => ({
    input,
    output: ['d.ts', 'd.cts'].map((suffix) => ({ file: `dist/${name}.${suffix}`, plugins: [libraries()] })),
    external: fromNpmOrNode,
    plugins: [dts({ tsconfig: 'tsconfig.build.json' })],
  })),
  // The last, because it may fail for its size, which should not keep the rest from those who work on it.
  {
    input: BROWSER,
    output: [
      ...both('dist/browser'),
      umd('dist/umd/emqtt.js', 'emqtt'),
      minified('dist/umd/emqtt.min.js', 'emqtt', BUDGET),
    ],
    // Inlines the browser file of isomorphic-ws, so that no bundler has to find it.
    plugins: [compile(), resolve({ browser: true }), nothingOfNode()],
  },
].map((build) => ({ ...build, onLog: warningsFail }))

function esm(dir, name = '[name]') {
  return { dir, format: 'es', entryFileNames: `${name}.js`, chunkFileNames: '[name].js', plugins: [ascii()] }
}

function both(dir, name = '[name]') {
  const names = { entryFileNames: `${name}.cjs`, chunkFileNames: '[name].cjs' }
  return [esm(dir, name), { ...esm(dir), ...names, format: 'cjs' }]
}

function umd(file, name) {
  return { file, format: 'umd', name, plugins: [ascii()] }
}

function minified(file, name, budget) {
  return { ...umd(file, name), sourcemap: true, plugins: [fold(), rename(), ascii(), sizeBudget(budget)] }
}

function warningsFail(level, log, handler) {
  if (level === 'warn') throw new Error(`${log.plugin ?? 'rollup'} warns: ${log.message}`)
  handler(level, log)
}

function emptyDist() {
  return { name: 'empty-dist', buildStart: () => rmSync('dist', { recursive: true, force: true }) }
}

/** Of two minifiers each does what it does best: this one folds more. */
function fold() {
  return terser({ ecma: 2022, compress: { passes: 3 }, mangle: false, format: { comments: false } })
}

/** And this one, Vite's, names better: also the private members, in each class anew, which is what compresses well. */
function rename() {
  return {
    name: 'rename',
    renderChunk(source, { fileName }) {
      const compress = { target: 'es2022' }
      const { code, map, errors } = minifySync(fileName, source, { module: false, compress, sourcemap: true })
      if (errors.length > 0) this.error(errors[0].message)
      return { code, map }
    },
  }
}

/** A page says in what charset its scripts are, and may say it wrong: outside ASCII there are only escapes. */
function ascii() {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return { name: 'ascii', renderChunk: (code) => ({ code: code.replace(/[^\0-\x7f]/g, escaped), map: null }) }
}

/** Fails the build where a browser would fail, or a bundler would add a polyfill. */
function nothingOfNode() {
  return {
    name: 'nothing-of-node',
    renderChunk(code, chunk) {
      const imports = [...chunk.imports, ...chunk.dynamicImports]
      const names = code.match(/\bBuffer\b|\bprocess\b|\bnode:|\brequire\(/g) ?? []
      const found = [...new Set([...imports, ...names])]
      if (found.length > 0) this.error(`the browser build must not hold ${found.join(', ')}`)
    },
  }
}

function sizeBudget(budget) {
  return {
    name: 'size-budget',
    generateBundle(_, bundle) {
      const { code, fileName } = Object.values(bundle).find(({ type }) => type === 'chunk')
      const brotli = brotliCompressSync(code).length
      console.log(`${fileName}: ${code.length} B, gzip ${gzipSync(code).length} B, brotli ${brotli} B of ${budget} B`)
      if (brotli > budget) this.error(`${fileName} is ${brotli - budget} B over its budget of ${budget} B brotli`)
    },
  }
}

/** Says that the `.js` files of a folder are CommonJS, in a package whose others are not. */
function commonJsFolder() {
  return {
    name: 'commonjs-folder',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' })
    },
  }
}

/** Symbol.asyncDispose is in our types; this spares those who use them a setting. */
function libraries() {
  return {
    name: 'libraries',
    renderChunk: (code) => ({ code: `/// <reference lib="esnext.disposable" />\n${code}`, map: null }),
  }
}
