/** `node --require` it: at its end the program writes to the file EMQTT_LOADED what it has loaded, and what Node had before. */

const { writeFileSync } = require('node:fs')

const before = new Set(process.moduleLoadList)
process.on('exit', () => {
  const builtIn = process.moduleLoadList.filter((name) => !before.has(name))
  const files = Object.keys(require.cache).filter((name) => name !== __filename)
  writeFileSync(process.env.EMQTT_LOADED, JSON.stringify({ builtIn, files }))
})
