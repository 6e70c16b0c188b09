import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Nest's injection and TypeORM read the decorators' metadata, which only swc emits here.
  plugins: [swc.vite({ module: { type: 'es6' } })],
  // "source" is the condition in package.json's imports that leads to the TypeScript files.
  ssr: { resolve: { conditions: ['source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
