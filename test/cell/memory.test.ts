import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { memoryOfCells, requireMemory } from '../../src/cell/memory-of-cells.ts';
import { sweepCost } from '../../src/cell/sweep-cost.ts';
import { readSweep } from '../../src/cell/sweep-plan.ts';
import { cellOf, chapterKind } from '../../src/study/dual-form/cell-kind.ts';
import { cellKinds } from '../../src/study/sweep/cell-kinds.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const text = { model: fixture('fixtures/tiny-model'), task: fixture('fixtures/tiny-tasks/letters.jsonl') };

test.each([
  ['run', { ...text, learningRate: 0.1, limit: 4 }],
  ['tune', { ...text, seeds: [1, 2], learningRates: [0.1, 0.2], rows: 8 }],
  [
    'train',
    { corpus: [fixture('golden/byte-pairs/corpus.txt')], vocabulary: 300, context: 16, hiddenSize: 16, heads: 2 },
  ],
])('%s: more jobs than memory holds are refused, with the number that would fit', async (command, base) => {
  const { memoryBytes } = await sweepCost(readSweep('plan.json', { command, base }, cellKinds), { measure: false });
  expect(memoryBytes).toBeGreaterThan(150e6);
  expect(memoryBytes).toBeLessThan(600e6);
  expect(() => requireMemory(3, memoryBytes, 2.5 * memoryBytes!)).toThrow(
    /^jobs 3: a cell needs up to .* GB.*; 2 would fit$/,
  );
});

test('a chapter of the theory takes what its problems without a model take, at least', async () => {
  const kind = chapterKind();
  const cell = cellOf('3', { ...text, learningRate: 0.1 });
  const memoryBytes = await memoryOfCells([cell], new Map([[kind.name, kind]]), {});
  expect(memoryBytes).toBe(620e6);
});
