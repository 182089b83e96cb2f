/** Unit tests as they run once for each mutant: those of one folder, which `run.mjs` names. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    // A worker for all files. It is a new one for each mutant.
    isolate: false,
    testTimeout: 20_000,
  },
})
