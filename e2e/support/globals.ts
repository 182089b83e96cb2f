/** What the pages of the tests have. Only functions that run in a page may use it. */

declare global {
  /** From the script tag, or from the module of the page /esm. */
  var emqtt: typeof import('../../dist/index.js')
}

export {}
