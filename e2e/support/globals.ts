/** What the pages of the tests have. Only functions that run in a page may use it. */

declare global {
  /** From the script tag, or from the module of the page /esm. */
  var emqtt: typeof import('../../dist/index.js')
  /** From the script tag of the page /store. */
  var emqttIndexedDb: typeof import('../../dist/store/indexeddb.js')
  /** The store that `openStore` of stores.ts has opened. */
  var store: import('../../dist/store/indexeddb.js').SessionStore
}

export {}
