import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

/** An empty folder into which both packages were installed as npm packs them. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dualform-packed-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const packages = ['.', './packages/smollm2-135m-instruct'];
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', folder, ...packages], { cwd: root });
  const tarballs = Object.values<{ filename: string }>(JSON.parse(stdout)).map(({ filename }) =>
    join(folder, filename),
  );
  expect(tarballs).toHaveLength(2);
  await execa('npm', ['install', '--no-audit', '--no-fund', ...tarballs], {
    cwd: folder,
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('installed from its packages', () => {
  test('the main job runs on eight rows', async () => {
    const { stdout } = await execa('npx', ['dualform', 'run', '--limit', '8', '--json', '--quiet'], { cwd: folder });
    const result = JSON.parse(stdout);
    expect(result.task.examples).toBe(8);
    expect(Object.keys(result.accuracy)).toEqual(['zero-shot', 'in-context', 'finetuned']);
    expect(result.simAOU.value).toBeGreaterThan(0);
  });

  test('the library can be imported', async () => {
    await writeFile(
      join(folder, 'import.js'),
      `import { checkpoint, task } from 'dualform';
       const { family } = checkpoint.EMBEDDED_MODELS[0];
       const { trainRows } = await task.openTask('cb');
       console.log(family, trainRows, (await checkpoint.openCheckpoint('smollm2-135m-instruct')).name);`,
    );
    const { stdout } = await execa('node', ['import.js'], { cwd: folder });
    expect(stdout).toBe('llama 250 smollm2-135m-instruct');
  });

  test('the JSON Schema of plans can be imported', async () => {
    await writeFile(
      join(folder, 'schema.js'),
      `import schema from 'dualform/sweep-plan.schema.json' with { type: 'json' };
       console.log(schema.title, schema.oneOf.map(({ properties }) => properties.command.const).join());`,
    );
    const { stdout } = await execa('node', ['schema.js'], { cwd: folder });
    expect(stdout).toBe('dualform sweep run,tune,train,evidence');
  });

  test('a run is reported in one file, and explored', async () => {
    await execa('npx', ['dualform', 'run', '--limit', '8', '--quiet', '--out', 'explored'], { cwd: folder });
    await execa('npx', ['dualform', 'report', 'explored', '--out', 'report.html', '--quiet'], { cwd: folder });
    const report = await readFile(join(folder, 'report.html'), 'utf8');
    expect(report).toContain('<svg');
    expect(report).not.toMatch(/(?:src|href)="https?:/);
    // Not by npx: the signal is for the program itself.
    const program = join(folder, 'node_modules', '.bin', 'dualform');
    const explorer = execa(program, ['explore', 'explored', '--no-open'], { cwd: folder, reject: false });
    const address = await new Promise<string>((resolve, reject) => {
      let text = '';
      explorer.stdout.on('data', chunk => {
        text += chunk;
        const found = /http:\S+\s/.exec(text);
        if (found !== null) resolve(found[0].trim());
      });
      explorer.then(({ stderr }) => reject(new Error(`ended early: ${stderr}`)));
    });
    const [site, token] = address.split('#token=');
    expect(await (await fetch(site!)).text()).toContain('<script type="module"');
    const folders = await fetch(`${site}data/folders.json`, { headers: { Authorization: `Bearer ${token}` } });
    expect(await folders.json()).toMatchObject([{ name: 'explored', kind: 'run', state: 'finished' }]);
    explorer.kill('SIGINT');
    await explorer;
    await execa('npx', ['dualform', 'explore', 'explored', '--export', 'page'], { cwd: folder });
    expect(await readFile(join(folder, 'page', 'index.html'), 'utf8')).toContain('<script type="module"');
  });

  test('doctor finds no fault', async () => {
    const { stdout } = await execa('npx', ['dualform', 'doctor', '--json', '--quiet'], { cwd: folder });
    expect(JSON.parse(stdout).ok).toBe(true);
  });
});
