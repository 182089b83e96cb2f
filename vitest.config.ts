import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Vitest would leave a core free, which on two is half; most tests of transports only wait.
    maxWorkers: 2,
    // Brokers are started and packages are installed in here, on machines with two busy cores.
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
