import { join } from 'node:path';
import { expect, test } from 'vitest';
import { here } from '../../src/cell/here.ts';
import { runSweep } from '../../src/cell/sweep.ts';
import { readSweep } from '../../src/cell/sweep-plan.ts';
import { folderOfCell } from '../../src/cell/sweep-store.ts';
import { runEvidence } from '../../src/study/evidence/run-study.ts';
import { cellKinds } from '../../src/study/sweep/cell-kinds.ts';
import { LETTERS, TINY_MODEL } from '../run/tiny.ts';
import { digestsBelow, scratch } from './scratch.ts';

test('a sweep of evidence has the folders of single studies', async () => {
  const [out, single] = [scratch(), join(scratch(), 'single')];
  const base = { preset: 'quick', model: TINY_MODEL, tasks: [LETTERS], shots: 4, rows: 4, behaviourRows: 6 } as const;
  const sweep = readSweep('plan.json', { command: 'evidence', base, grid: { learningRate: [0.1] } }, cellKinds);
  const status = await runSweep(sweep, { out, executor: here(cellKinds, { threads: 1 }) });
  expect(status).toMatchObject({ done: 1, failed: [] });
  await runEvidence({ ...base, learningRate: 0.1, out: single, threads: 1 });
  // Arms say how long they took.
  const names = (folder: string) => Object.keys(digestsBelow(folder)).filter(name => name !== 'cell.json');
  const cell = folderOfCell(out, sweep.cells[0]!);
  expect(names(cell)).toEqual(names(single));
  expect(digestsBelow(cell)['result.json']).toBe(digestsBelow(single)['result.json']);
});
