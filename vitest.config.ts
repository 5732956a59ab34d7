import { defineConfig } from 'vitest/config';
import { settableProcessors } from './test/one-core.ts';

/** Test files at once: one per core where each can be pinned to its own, up to four. */
const workers = Math.min(settableProcessors()?.length ?? 1, 4);

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'packages/explorer/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/*.slow.test.ts', 'node_modules/**'],
    reporters: ['default', './test/closing-line.ts'],
    globalSetup: './test/compile-source.ts',
    setupFiles: ['./test/one-core.ts', './test/matchers.ts', './test/start-compiled.ts'],
    pool: 'forks',
    maxWorkers: workers,
    fileParallelism: workers > 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
