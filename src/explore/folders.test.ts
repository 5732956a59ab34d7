import { cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFolders, kindOfFolder, readFolder } from './folders.ts';

const EARLIER = fileURLToPath(new URL('../../test/fixtures/earlier-folders/', import.meta.url));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dualform-folders-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function place(name: string, files: Readonly<Record<string, unknown>>): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

function copyOfRun(name: string): string {
  const folder = join(root, name);
  cpSync(join(EARLIER, 'run'), folder, { recursive: true });
  return folder;
}

describe('the kind of a folder', () => {
  test.each(['run', 'train', 'momentum'])('%s', async kind => {
    expect(await kindOfFolder(join(EARLIER, kind))).toBe(kind);
  });

  test('by its plan, while there is no result', async () => {
    expect(await kindOfFolder(join(EARLIER, 'train-part'))).toBe('train');
    expect(await kindOfFolder(place('theory', { 'plan.json': { schema: 'dualform.theory-plan/2' } }))).toBe('theory');
  });

  test.each([
    ['sweep', { 'sweep.json': { command: 'run' } }],
    ['tune', { 'result.json': { schema: 'dualform.tune/1' } }],
    ['evidence', { 'result.json': { schema: 'dualform.evidence/1' } }],
  ])('%s', async (kind, files) => {
    expect(await kindOfFolder(place(kind, files))).toBe(kind);
  });

  test('a folder of runs is a table, any other is none', async () => {
    copyOfRun('table/letters');
    expect(await kindOfFolder(join(root, 'table'))).toBe('table');
    expect(await kindOfFolder(place('other', { 'plan.json': { schema: 'other/1' }, 'result.json': '3' }))).toBe(
      undefined,
    );
  });
});

describe('what it holds', () => {
  test('a run of an earlier version has the keys of today', async () => {
    const run = await readFolder(join(EARLIER, 'run'));
    expect(run.name).toBe('run');
    expect(run.result).toMatchObject({ schema: 'dualform.run/1', model: { hiddenSize: 32 } });
    expect(run.plan).toMatchObject({ bos: expect.any(Number) });
    expect(run.provenance).toMatchObject({ timing: { seconds: { prefix: expect.any(Number) } } });
    expect(run.examples!.map(({ index }) => index)).toEqual(Array.from({ length: 36 }, (_, i) => Math.floor(i / 3)));
    expect(run.metrics).toHaveLength(12);
    const kinds = run.tokens!.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['prefix', 'finetuning', 'query']));
  });

  test('a momentum study of an earlier version, too', async () => {
    const { result } = await readFolder(join(EARLIER, 'momentum'));
    expect(result).toMatchObject({ tasks: { language: { model: { hiddenSize: 4 } } } });
  });

  test('an unfinished run has no result, and only whole lines', async () => {
    const folder = copyOfRun('part');
    rmSync(join(folder, 'result.json'));
    writeFileSync(
      join(folder, 'examples.jsonl'),
      '{"index":0,"row":1,"setting":"zero-shot","gold":0,"predicted":1,"logProbabilities":[-1,-2],"tokens":3}\n{"index":0,"ro',
    );
    const run = await readFolder(folder);
    expect(run.result).toBeNull();
    expect(run.examples).toHaveLength(1);
  });

  test('a training has its losses', async () => {
    const { result, losses } = await readFolder(join(EARLIER, 'train-part'));
    expect(result).toBeNull();
    expect(losses!.length).toBeGreaterThan(0);
  });

  test('chapters, cells, and the runs of a table', async () => {
    const theory = place('theory', {
      'plan.json': { schema: 'dualform.theory-plan/2' },
      'chapter-2.json': { chapter: '2' },
      'chapter-1.json': { chapter: '1' },
    });
    expect((await readFolder(theory)).result).toMatchObject({ chapters: [{ chapter: '1' }, { chapter: '2' }] });
    const sweep = place('sweep', { 'sweep.json': { command: 'run' }, 'cells.jsonl': '{"cell":"a"}\n' });
    expect((await readFolder(sweep)).result).toEqual({ plan: { command: 'run' }, cells: [{ cell: 'a' }] });
    copyOfRun('table/letters');
    expect((await readFolder(join(root, 'table'))).result).toMatchObject({
      runs: { letters: { schema: 'dualform.run/1' } },
    });
  });
});

describe('refusals', () => {
  test.each([
    ['a folder that is not there', () => join(root, 'nowhere'), 'nowhere: there is no such file or folder'],
    ['a foreign folder', () => place('foreign', { 'a.txt': '' }), 'holds no result that can be shown'],
    ['damaged JSON', () => place('bad', { 'result.json': '{' }), 'result.json: damaged'],
  ])('%s', async (_, folder, message) => {
    await expect(readFolder(folder())).rejects.toThrow(message);
  });

  test('a damaged line names its file and number', async () => {
    const folder = copyOfRun('bad');
    writeFileSync(join(folder, 'examples.jsonl'), '{"index":-1}\n');
    await expect(readFolder(folder)).rejects.toThrow(/examples\.jsonl, line 1: damaged \(index/);
  });

  test('a file that is too large is not read', async () => {
    const folder = place('huge', { 'sweep.json': {}, 'cells.jsonl': '' });
    truncateSync(join(folder, 'cells.jsonl'), 300e6);
    await expect(readFolder(folder)).rejects.toThrow('cells.jsonl: 300000000 bytes, at most 256000000 are allowed');
  });
});

test('finds folders below a folder, each run of a table for itself, and skips damaged ones', async () => {
  copyOfRun('table/letters');
  copyOfRun('a/b/deep');
  copyOfRun('a/b/c/deeper');
  place('broken', { 'result.json': '{' });
  place('sweep', { 'sweep.json': {} });
  copyOfRun('sweep/cells/x');
  const found = await findFolders(root);
  expect(found.map(({ folder, kind }) => [folder.slice(root.length + 1), kind])).toEqual([
    [join('a', 'b', 'deep'), 'run'],
    ['sweep', 'sweep'],
    [join('table', 'letters'), 'run'],
  ]);
});
