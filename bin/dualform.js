#!/usr/bin/env node
/**
 * @file The command `dualform`. It is committed, so that npm has a file to link before the first build; in a checkout that is
 * not built it builds once. It must start on any Node, to say which one is needed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const at = path => new URL(`../${path}`, import.meta.url);

function fail(message) {
  console.error(`dualform: ${message}`);
  process.exit(1);
}

function build() {
  const require = createRequire(import.meta.url);
  const programOf = (name, file) => {
    try {
      return join(dirname(require.resolve(`${name}/package.json`)), file);
    } catch {
      return fail('the packages of this checkout are not installed; run: npm ci');
    }
  };
  const steps = [
    [programOf('vite', 'bin/vite.js'), 'build', fileURLToPath(at('packages/explorer'))],
    [programOf('typescript', 'bin/tsc'), '-p', fileURLToPath(at('tsconfig.build.json'))],
  ];
  if (!process.argv.includes('--quiet')) console.error('dualform: building this checkout, once');
  for (const step of steps) {
    const { status } = spawnSync(process.execPath, step, { stdio: ['ignore', 2, 2] });
    if (status !== 0) fail('the build failed; see above, and repeat it with: npm run build');
  }
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node 20.19 or later is needed, this is ${process.versions.node}; see nodejs.org`);
}
// The compiler writes .tsbuildinfo last: a build that was interrupted has none. An installed package has no tsconfig.build.json.
if (existsSync(at('tsconfig.build.json')) && !existsSync(at('dist/.tsbuildinfo'))) build();
await import('../dist/cli/main.js');
