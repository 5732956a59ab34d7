import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { settableProcessors } from './test/one-core.ts';

/** Test files at once: one per core where each can be pinned to its own, up to four. */
const workers = Math.min(settableProcessors()?.length ?? 1, 4);

const files = ['src/**/*.test.ts', 'packages/explorer/src/**/*.test.ts', 'test/**/*.test.ts'];
const slow = ['**/*.slow.test.ts', 'node_modules/**'];

/**
 * Unit tests that change nothing which other tests see: they import no more than vitest, fast-check and the source
 * that they test, and set no environment. These share a process, which loads most modules once.
 */
const units = readdirSync(new URL('src/', import.meta.url), { recursive: true, encoding: 'utf8' })
  .map(name => `src/${name.replaceAll('\\', '/')}`)
  .filter(name => /(?<!\.slow)\.test\.ts$/.test(name))
  .filter(name => {
    const text = readFileSync(new URL(name, import.meta.url), 'utf8');
    return !/\bvi\b|process\.|globalThis|'node:(?!url|path)|\/test\//.test(text);
  });

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    globalSetup: './test/compile-source.ts',
    setupFiles: ['./test/one-core.ts', './test/property-seed.ts', './test/matchers.ts', './test/start-compiled.ts'],
    pool: 'forks',
    maxWorkers: workers,
    fileParallelism: workers > 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'units', include: units, exclude: [], isolate: false } },
      { extends: true, test: { name: 'files', include: files, exclude: [...slow, ...units] } },
    ],
  },
});
