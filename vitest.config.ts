import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/*.slow.test.ts', 'node_modules/**'],
    reporters: ['default', './test/closing-line.ts'],
    setupFiles: ['./test/matchers.ts'],
    // onnxruntime takes every core; two test files at once would only fight.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
