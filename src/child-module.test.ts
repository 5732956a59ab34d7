import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { childModule } from './child-module.ts';
import { openRuntime } from './runtime/node/open-runtime.ts';

vi.unmock('./child-module.ts');

const root = fileURLToPath(new URL('../', import.meta.url));

test('source names source, and built code built code', () => {
  const source = childModule('child', new URL('runtime/node/compute-process.ts', import.meta.url).href);
  expect(source.file).toBe(path.join(root, 'src', 'runtime', 'node', 'child.ts'));
  expect(existsSync(source.file)).toBe(true);
  const built = childModule(
    'child',
    pathToFileURL(path.join(root, 'dist', 'runtime', 'node', 'compute-process.js')).href,
  );
  expect(built).toEqual({ file: path.join(root, 'dist', 'runtime', 'node', 'child.js'), execArgv: [] });
});

// What a process was started with can be read on Linux alone.
test.skipIf(process.platform !== 'linux')(
  'the compute process of source runs source, that of a build the build',
  async () => {
    const typed = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const runtime = await openRuntime({ threads: 1 });
    expect(typed(runtime.pid)).toContain(path.join(root, 'src', 'runtime', 'node', 'child.ts'));
    await runtime.close();

    const script = `
    const { openRuntime } = await import(${JSON.stringify(pathToFileURL(path.join(root, 'dist/runtime/index.js')).href)});
    const { readFileSync } = await import('node:fs');
    const runtime = await openRuntime({ threads: 1 });
    process.stdout.write(readFileSync('/proc/' + runtime.pid + '/cmdline'));
    await runtime.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    expect(stdout.split('\0')).toContain(path.join(root, 'dist', 'runtime', 'node', 'child.js'));
  },
);
