import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Executor } from '../../src/cell/executor.ts';
import { here } from '../../src/cell/here.ts';
import { processes } from '../../src/cell/processes.ts';
import { readShard } from '../../src/cell/shard.ts';
import { runSweep } from '../../src/cell/sweep.ts';
import { readSweep } from '../../src/cell/sweep-plan.ts';
import { folderOfCell } from '../../src/cell/sweep-store.ts';
import { runEvidence } from '../../src/study/evidence/run-study.ts';
import { allKinds, cellKinds, cellProcess } from '../../src/study/sweep/cell-kinds.ts';
import { LETTERS, TINY_MODEL } from '../run/tiny.ts';
import { digestsBelow, scratch } from './scratch.ts';

/** With arms at matched rates, and an untrained model. */
const base = {
  preset: 'standard',
  ...{ model: TINY_MODEL, tasks: [LETTERS], seeds: 4, shots: 4, rows: 3, behaviourRows: 5 },
  without: ['task', 'tokens', 'rates', 'shots', 'batch', 'nudged', 'random'],
} as const;
const sweep = readSweep('plan.json', { command: 'evidence', base, grid: { learningRate: [1e38, 0.1] } }, cellKinds);

/** Files without those that say how long something took; the tensors of arms are checked by their digests. */
function filesOf(folder: string): Readonly<Record<string, string>> {
  const files = Object.entries(digestsBelow(folder)).filter(([name]) => !/cell\.json|provenance\.json/.test(name));
  return Object.fromEntries(
    files.map(([name, digest]) => {
      if (!/arms\/.*\.json$/.test(name)) return [name, digest];
      return [name, readFileSync(join(folder, name), 'utf8').replace(/"seconds": [\d.e-]+/, '')];
    }),
  );
}

let single: Readonly<Record<string, string>>;
let timing: { readonly tokens: unknown };

beforeAll(async () => {
  const out = mkdtempSync(join(tmpdir(), 'dualform-single-'));
  ({ timing } = await runEvidence({ ...base, learningRate: 0.1, out, threads: 1 }));
  single = filesOf(out);
  rmSync(out, { recursive: true });
});

test('arms are cells of two processes: each study has the folder of a single one, and one that fails is set aside', {
  timeout: 180_000,
}, async () => {
  const executor = processes({ child: cellProcess, jobs: 2, threads: 1 });
  const out = scratch();
  const kinds = new Set<string>();
  const watched: Executor = async (cells, root, events) => {
    for (const { kind } of cells) kinds.add(kind);
    await executor(cells, root, events);
  };
  const warnings: string[] = [];
  const status = await runSweep(sweep, { out, executor: watched, onWarning: message => warnings.push(message) });
  const why = expect.stringMatching(/learningRate 1e\+38: diverges on the first demonstrations of letters/);
  expect(status).toMatchObject({ cells: 2, done: 1, left: 0, failed: [{ options: { learningRate: 1e38 }, why }] });
  expect(warnings).toEqual([expect.stringMatching(/failed: learningRate 1e\+38: diverges/)]);
  expect([...kinds]).toEqual(['sweep-arms', 'evidence']);
  const cell = folderOfCell(out, sweep.cells[1]!);
  expect(filesOf(cell)).toEqual(single);
  const provenance = JSON.parse(readFileSync(join(cell, 'provenance.json'), 'utf8'));
  expect(provenance.timing.tokens).toEqual(timing.tokens);
  expect(provenance.timing.peakMemoryBytes).toBeGreaterThan(5e7);
});

test('shards of a sweep in this process share the arms of a study; the last one folds it', async () => {
  const out = scratch();
  const one = readSweep('plan.json', { command: 'evidence', base: { ...base, learningRate: 0.1 } }, cellKinds);
  const run = (shard: string) =>
    runSweep(one, { out, executor: here(allKinds, { threads: 1 }), shard: readShard(shard) });
  const parts = { name: 'arms', total: expect.any(Number), done: expect.any(Number), unknownCells: 0 };
  const half = await run('2/2');
  expect(half).toMatchObject({ done: 0, left: 1, parts });
  expect(half.parts!.done).toBeGreaterThan(0);
  expect(half.parts!.done).toBeLessThan(half.parts!.total);
  const { total } = half.parts!;
  expect(await run('1/2')).toMatchObject({ done: 1, left: 0, parts: { total, done: total } });
  expect(existsSync(join(out, '.work'))).toBe(false);
  expect(filesOf(folderOfCell(out, one.cells[0]!))).toEqual(single);
});
