import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ggufFile } from '../../../../test/gguf-file.ts';
import { fileReaders, readGguf } from '../../sources/read-gguf.ts';
import { headByHead, type Layout, pairedRows, rowsFrom } from './plan.ts';
import { weightPieces } from './weights.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-gguf-weights-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * What becomes of a tensor of `rows` rows whose values are its row number, plus a fraction for the
 * column; a vector without `width`.
 */
async function unpacked(
  rows: number,
  width: number | undefined,
  shape: readonly number[],
  layout: Layout,
): Promise<number[]> {
  const values = Float32Array.from({ length: rows * (width ?? 1) }, (_, i) => {
    const [row, column] = [Math.floor(i / (width ?? 1)), i % (width ?? 1)];
    return row + (column % 1000) / 1024;
  });
  const file = join(folder, 'w.gguf');
  const sizes = width === undefined ? [rows] : [width, rows];
  writeFileSync(file, ggufFile({ tensors: [{ name: 'w', type: 0, sizes, data: new Uint8Array(values.buffer) }] }));
  const all: number[] = [];
  const plan = { name: 'w', shape, tensor: readGguf(file).tensors.get('w')!, layout };
  for await (const piece of weightPieces(plan, fileReaders)) {
    for (const value of piece) all.push(value);
  }
  return all;
}

/** The rows of the file in the order of the weight, told from the first column. */
const rowsOf = (values: readonly number[], width = 1) => values.filter((_, i) => i % width === 0).map(Math.floor);

const small = fc.integer({ min: 1, max: 5 });

describe.each([undefined, 3])('rows of width %s', width => {
  const shape = (rows: number) => (width === undefined ? [rows] : [rows, width]);

  test('in pairs come back as halves of each head', async () => {
    await fc.assert(
      fc.asyncProperty(small, small, async (heads, half) => {
        const rows = heads * 2 * half;
        const values = await unpacked(rows, width, shape(rows), { order: pairedRows(2 * half) });
        // Rows i and i + half of a head stand side by side in the file.
        const expected = Array.from({ length: rows }, (_, r) => {
          const [head, within] = [Math.floor(r / (2 * half)), r % (2 * half)];
          return head * 2 * half + (within < half ? 2 * within : 2 * (within - half) + 1);
        });
        expect(rowsOf(values, width)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test('of queries, keys and values come back head by head', async () => {
    await fc.assert(
      fc.asyncProperty(small, small, async (heads, headRows) => {
        const rows = 3 * heads * headRows;
        const values = await unpacked(rows, width, shape(rows), { order: headByHead(heads, headRows) });
        const expected: number[] = [];
        for (let head = 0; head < heads; head++) {
          for (let part = 0; part < 3; part++) {
            for (let r = 0; r < headRows; r++) expected.push((part * heads + head) * headRows + r);
          }
        }
        expect(rowsOf(values, width)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test('that are a part of the tensor', async () => {
    const values = await unpacked(9, width, shape(4), { order: rowsFrom(3), rowsInFile: 9 });
    expect(rowsOf(values, width)).toEqual([3, 4, 5, 6]);
  });

  test('with a number added', async () => {
    expect(rowsOf(await unpacked(4, width, shape(4), { add: -1 }), width)).toEqual([-1, 0, 1, 2]);
  });
});

test('a transposed matrix', async () => {
  const values = await unpacked(2, 3, [3, 2], { transposed: true });
  expect(values).toEqual([0, 1, 1 / 1024, 1 + 1 / 1024, 2 / 1024, 1 + 2 / 1024]);
});

test('a tensor of several pieces, in pairs', async () => {
  const [rows, width] = [12, 1 << 17];
  const values = await unpacked(rows, width, [rows, width], { order: pairedRows(4) });
  expect(values.length).toBe(rows * width);
  expect(rowsOf(values, width)).toEqual([0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11]);
});
