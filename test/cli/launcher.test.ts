import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, describe, expect, test } from 'vitest';
import { newFolder } from './dualform.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A checkout as it is after `git clone`, with a command line of one line in place of ours. */
let checkout: string;
beforeEach(async () => {
  checkout = await newFolder();
  for (const name of ['bin', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    await cp(join(root, name), join(checkout, name), { recursive: true });
  }
  await mkdir(join(checkout, 'src', 'cli'), { recursive: true });
  await writeFile(join(checkout, 'src', 'cli', 'main.ts'), "console.log('args:', process.argv.slice(2).join());\n");
  const page = join(checkout, 'packages', 'explorer');
  await mkdir(page, { recursive: true });
  await writeFile(join(page, 'index.html'), '<!doctype html>');
  const config = { root: page, logLevel: 'silent', build: { outDir: join(checkout, 'dist', 'explorer') } };
  await writeFile(join(page, 'vite.config.mjs'), `export default ${JSON.stringify(config)};\n`);
});

const launch = (...args: string[]) =>
  execa('node', [join(checkout, 'bin', 'dualform.js'), ...args], { reject: false, stdin: 'ignore' });
const install = () => symlink(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');

describe('the command of a checkout', () => {
  test('is a file that npm can link before the first build', async () => {
    const { bin } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const ignored = (await readFile(join(root, '.gitignore'), 'utf8')).split('\n').filter(line => line !== '');
    expect(ignored.filter(name => bin.dualform.includes(name))).toEqual([]);
    expect((await stat(join(root, bin.dualform))).isFile()).toBe(true);
  });

  test('says in one line that packages are not installed', async () => {
    const { exitCode, stdout, stderr } = await launch('--version');
    expect(stderr).toBe('dualform: the packages of this checkout are not installed; run: npm ci');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  test('builds once, and again where a build was interrupted', async () => {
    await install();
    const built = { exitCode: 0, stdout: 'args: run,--json' };
    expect(await launch('run', '--json')).toMatchObject({ ...built, stderr: 'dualform: building this checkout, once' });
    expect(await launch('run', '--json')).toMatchObject({ ...built, stderr: '' });
    expect(await readdir(join(checkout, 'dist', 'explorer'))).toEqual(['index.html']);
    await rm(join(checkout, 'dist', '.tsbuildinfo'));
    await rm(join(checkout, 'dist', 'cli', 'main.js'));
    expect(await launch('run', '--json')).toMatchObject({ ...built, stderr: 'dualform: building this checkout, once' });
  });

  test('shows why a build fails, on stderr', async () => {
    await install();
    await writeFile(join(checkout, 'src', 'cli', 'main.ts'), 'const n: number = "x";\n');
    const { exitCode, stdout, stderr } = await launch('--quiet');
    expect(stderr).toMatch(/error TS2322[\s\S]*\ndualform: the build failed; see above[^\n]*$/);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  test('of an installed package needs no compiler', async () => {
    await rm(join(checkout, 'tsconfig.build.json'));
    await mkdir(join(checkout, 'dist', 'cli'), { recursive: true });
    await writeFile(join(checkout, 'dist', 'cli', 'main.js'), "console.log('installed');\n");
    expect(await launch()).toMatchObject({ exitCode: 0, stdout: 'installed', stderr: '' });
  });
});
