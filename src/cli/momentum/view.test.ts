import { expect, test } from 'vitest';
import type { Comparison, MomentumResult, Table } from '../../study/momentum/result.ts';
import { momentumFindings, momentumTables } from './view.ts';

const values = [0.5, 0.6];
const entry = { mean: 0.55, low: 0.1, high: 1, values };
const untold = { low: null, high: null, p: null, adjusted: null, n: 2 };

function resultWith(differences: readonly (Comparison | undefined)[]): MomentumResult {
  const table: Table = {
    name: 'classification',
    columns: differences.map((_, i) => ({
      ...{ name: `c${i}`, title: `c${i}`, task: 'language', table: 'classification', better: 'higher' },
      ...{ digits: 1, percent: true },
    })),
    rows: [
      { eta: 0, entries: differences.map(() => entry) },
      { eta: 0.1, entries: differences.map(difference => ({ ...entry, ...(difference && { difference }) })) },
    ],
    baselines: [],
  };
  return { tables: [table], seeds: [1, 2] } as unknown as MomentumResult;
}

test('a difference without spread is told by its reason, and never marked or counted', () => {
  const result = resultWith([
    { difference: 0.1, low: 0.05, high: 0.15, p: 0.01, adjusted: 0.02, n: 2 },
    { difference: 0, ...untold, why: 'every model gives the same answer' },
    { difference: -0.02, ...untold, why: 'the same difference with every seed' },
    undefined,
  ]);
  expect(momentumTables(result)[1]!.rows).toEqual([
    [
      'eta 0.1',
      '+10.0 (5.0 to 15.0) *',
      'every model gives the same answer',
      '-2.0 (the same difference with every seed)',
      'undefined',
    ],
  ]);
  expect(momentumFindings(result)).toEqual([
    'Accuracy of classification in context (4 columns, 2 seeds): eta 0.1 better in 1, worse in 0.',
  ]);
});
