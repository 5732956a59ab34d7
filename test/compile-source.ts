/**
 * @file Compiles `src/` and `test/` once for all tests. Child processes then start JavaScript, as those of a build do;
 * through tsx each would take four times as long to start.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';

const root = fileURLToPath(new URL('../', import.meta.url));

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with the compiled `src/` and `test/`. */
    compiled: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  // Inside node_modules, so that packages are found from there.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'compiled-'));
  // What modules read beside `src/`.
  for (const name of ['data', 'dist']) symlinkSync(join(root, name), join(folder, name), 'junction');
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  const compile = () =>
    build({
      absWorkingDir: root,
      entryPoints: ['src/**/*.ts', 'src/**/*.tsx', 'src/**/*.js', 'test/**/*.ts'],
      outdir: folder,
      outbase: '.',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      bundle: true,
      plugins: [
        {
          name: 'one file for each module',
          setup: ({ onResolve }) => {
            onResolve({ filter: /.*/ }, ({ kind, path }) =>
              kind === 'entry-point' ? null : { external: true, path: path.replace(/^(\..*)\.tsx?$/, '$1.js') },
            );
          },
        },
      ],
    });
  await compile();
  project.onTestsRerun(async () => void (await compile()));
  project.provide('compiled', folder);
  return () => rmSync(folder, { recursive: true });
}
