import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../src/error.ts';
import { randomStream } from '../src/statistics/random.ts';
import { openParquetReader } from '../src/task/rows/parquet.ts';
import { readRows } from '../src/task/rows/read-rows.ts';
import { mutateBytes } from './fuzz/mutate-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'dualform-mutated-'));
afterAll(() => rmSync(folder, { recursive: true }));

// A process for each file is too slow for `npm run fuzz`.
test('randomly changed Parquet files are read or refused with one line, in a separate process', async () => {
  const wholes = ['snappy', 'delta', 'groups', 'small-pages'].map(name =>
    readFileSync(fileURLToPath(new URL(`golden/rows/${name}.parquet`, import.meta.url))),
  );
  const file = join(folder, 'x.parquet');
  const parquet = openParquetReader();
  onTestFinished(parquet.close);
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    const whole = wholes[i % wholes.length]!;
    // The footer describes the layout; it is half of these files.
    writeFileSync(file, mutateBytes(whole, randomStream(43, i), whole.length >> 1));
    const error = await readRows(file, { wanted: ['text', 'label'], delimited: {}, parquet }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) continue;
    refused++;
    if (!(error instanceof UserError) || error.message.includes('\n'))
      throw new Error(`mutation ${i}`, { cause: error });
  }
  expect(refused).toBeGreaterThan(100);
});
