import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { here } from '../../src/cell/here.ts';
import { runSweep } from '../../src/cell/sweep.ts';
import { readSweep } from '../../src/cell/sweep-plan.ts';
import { folderOfCell } from '../../src/cell/sweep-store.ts';
import { allKinds, cellKinds } from '../../src/study/sweep/cell-kinds.ts';
import { LETTERS, TINY_MODEL } from '../run/tiny.ts';
import { describeOnEachServer } from './on-each-server.ts';
import { scratch } from './scratch.ts';

const base = { preset: 'quick', model: TINY_MODEL, tasks: [LETTERS], shots: 4, rows: 3, learningRate: 0.1 } as const;
const sweep = readSweep('plan.json', { command: 'evidence', base }, cellKinds);
const cell = (out: string) => folderOfCell(out, sweep.cells[0]!);
const read = (out: string, name: string) => readFileSync(join(cell(out), name), 'utf8');

describeOnEachServer(({ test, run, worker }) => {
  test('a worker without the folder computes arms, and the sweep folds the study', async () => {
    const [out, whole] = [scratch(), scratch()];
    const away = worker({ kinds: 'all', threads: 1 });
    expect(await run(out, sweep, { kinds: allKinds })).toMatchObject({ done: 1, left: 0, failed: [] });
    const computed = away.lines().filter(line => /^cell .* \(sweep-arms\): done/.test(line));
    expect(computed.length).toBeGreaterThan(10);
    await away.end();
    await runSweep(sweep, { out: whole, executor: here(allKinds, { threads: 1 }) });
    expect(read(out, 'result.json')).toBe(read(whole, 'result.json'));
    const { tokens, peakMemoryBytes } = JSON.parse(read(out, 'provenance.json')).timing;
    expect(tokens).toEqual(JSON.parse(read(whole, 'provenance.json')).timing.tokens);
    expect(peakMemoryBytes).toBeGreaterThan(5e7);
  });
});
