import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

// "source" is the condition in package.json's imports that leads to the TypeScript files.
const conditions = ['source', 'module', 'node', 'development|production'];

export default defineConfig({
  // Nest's injection and TypeORM read the decorators' metadata, which only swc emits here.
  plugins: [swc.vite({ module: { type: 'es6' } })],
  // Test files run in Vite's "ssr" environment, the global setup in one of vitest's own.
  environments: { ssr: { resolve: { conditions } }, __vitest__: { resolve: { conditions } } },
  test: {
    include: ['test/**/*.test.ts'],
    // The second is what .ci/run counts, which names another file for its second run.
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/vitest.json' },
    globalSetup: ['test/support/global-setup.ts'],
    // Ends what hangs, and is far more than anything takes: no test may fail because the machine is busy. What is to
    // be quick is asserted by the test itself.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // One more than the cores it is meant for: the end-to-end tests mostly wait.
    maxWorkers: 3,
  },
});
