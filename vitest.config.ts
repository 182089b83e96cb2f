import { defineConfig } from 'vitest/config'

/** The tests that src has of its own: nothing but it, in virtual time and in memory. They alone count as its coverage. */
const UNIT = ['test/{codec,session,client,conformance,hostile,fuzz}/**/*.test.ts', 'test/security/limits.test.ts']

export default defineConfig({
  test: {
    // Vitest would leave a core free, which on two is half; most tests of transports only wait.
    maxWorkers: 2,
    // Brokers are started and packages are installed in here, on machines with two busy cores.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT } },
      { extends: true, test: { name: 'integration', include: ['test/**/*.test.ts'], exclude: UNIT } },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.d.ts'],
      // test/support/uncovered.ts names what is missing; `npm run coverage` has the table and the pages.
      reporter: [],
      thresholds: { 100: true },
    },
  },
})
