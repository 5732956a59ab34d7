/** @file Child processes of tests start what was compiled before the tests (see compile-source.ts). */
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, vi } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

vi.mock(import('../src/child-module.ts'), async original => {
  const { childModule } = await original();
  return {
    childModule: (name, from) => {
      const { file } = childModule(name, from);
      return { file: join(inject('compiled'), relative(root, file).replace(/\.ts$/, '.js')), execArgv: [] };
    },
  };
});
