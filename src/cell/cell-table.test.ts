import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { csvLines, rowsOf, tabulate } from './cell-table.ts';
import { parquetOf } from './parquet-table.ts';
import type { CellLine } from './sweep-folder.ts';

const line = (seed: number, mean: number | null, more: Partial<CellLine> = {}): CellLine => ({
  cell: `c${seed}`,
  options: { task: 'a,"b"', seed, limit: seed === 1 ? 'all' : 200 },
  status: 'done',
  result: { m: { mean, low: 0.1, perLayer: [1, 2] }, tests: [{ p: 0.5, ok: true }], none: null },
  ...more,
});
const failed: CellLine = { cell: 'c3', options: { task: 'z', seed: 3 }, status: 'failed', why: 'no rows' };
const { table } = await tabulate([line(1, 0.25), line(2, null), failed], []);

test('every scalar has a column named by its JSON path; lists of numbers and empty columns are left out', () => {
  expect(table.columns).toEqual([
    'cell',
    'options.task',
    'options.seed',
    'options.limit',
    'status',
    'result.m.mean',
    'result.m.low',
    'result.tests[0].p',
    'result.tests[0].ok',
    'why',
  ]);
  expect([...rowsOf(table)][1]).toEqual(['c2', 'a,"b"', 2, 200, 'done', null, 0.1, 0.5, true, null]);
});

test('a path that comes twice in a line holds its last value', async () => {
  const twice = (seed: number) => line(seed, seed, { result: { 'a.b': 1, a: { b: seed } } });
  const { table } = await tabulate([twice(2), line(3, 1), twice(4)], []);
  expect(table.values[table.columns.indexOf('result.a.b')]).toEqual([2, null, 4]);
});

test('CSV quotes what has commas and quotes, and leaves null empty', () => {
  const [head, first, , third] = csvLines(table);
  expect(head).toBe(`${table.columns.join(',')}\r\n`);
  expect(first).toBe('c1,"a,""b""",1,all,done,0.25,0.1,0.5,true,\r\n');
  expect(third).toBe('c3,z,3,,failed,,,,,no rows\r\n');
});

test('another reader of Parquet finds the same values', async () => {
  const { buffer } = parquetOf(table);
  const rows = await parquetReadObjects({ file: buffer as ArrayBuffer });
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatchObject({
    cell: 'c1',
    'options.limit': 'all',
    'result.m.mean': 0.25,
    'result.tests[0].ok': true,
  });
  expect(rows[1]).toMatchObject({ 'options.seed': 2, 'options.limit': '200' });
  expect(rows[1]!['result.m.mean'] ?? null).toBeNull();
});

test('means over seeds with t intervals', async () => {
  const lines = [1, 2, 3].map(seed => ({ ...line(seed, seed), options: { task: 'a', seed } }));
  const { means } = await tabulate([...lines, failed], ['m.mean', 'none']);
  const [group, ...others] = means;
  expect(others).toEqual([]);
  expect(group).toMatchObject({ options: { task: 'a' }, seeds: 3 });
  // t of 2 degrees of freedom is 4.3027; s / sqrt(3) is 0.57735.
  expect(group!.figures[0]!.mean).toBe(2);
  expect(group!.figures[0]!.low).toBeCloseTo(2 - 4.3027 * 0.57735, 3);
  expect(group!.figures[1]).toBeNull();
});

test('one seed has no interval', async () => {
  const { means } = await tabulate([line(1, 0.25)], ['m.mean']);
  expect(means[0]!.figures[0]).toEqual({ mean: 0.25, low: null, high: null });
});
