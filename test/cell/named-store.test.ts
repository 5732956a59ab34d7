import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Cell, nameOfCell } from '../../src/cell/cell.ts';
import { here } from '../../src/cell/here.ts';
import type { CellKind } from '../../src/cell/kind.ts';
import { namedStore } from '../../src/cell/named-store.ts';
import { workFolderOf } from '../../src/cell/work-folder.ts';
import { makeFolders } from '../../src/files/make-folders.ts';
import { digestsBelow, scratch } from './scratch.ts';

const nameOf = ({ options }: Cell) => join('parts', `part-${options.part}`);
const cells: readonly Cell[] = [1, 2, 3].map(part => ({ kind: 'part', options: { part }, schema: 'part/1' }));

/** Writes a table and a number; `computed` hears which part. */
function partKind(computed: (part: unknown) => void = () => undefined): CellKind {
  return {
    name: 'part',
    schema: 'part/1',
    storeIn: root => namedStore(root, nameOf),
    open: () => ({
      compute: async ({ part }, { out }) => {
        computed(part);
        await makeFolders(out);
        writeFileSync(join(out, 'result.csv'), `part,${part}\n`);
        writeFileSync(join(out, 'notes.txt'), 'not kept');
        writeFileSync(join(out, 'result.json'), JSON.stringify({ part }));
      },
      close: async () => undefined,
    }),
  };
}

const run = (root: string, kind: CellKind) => here(new Map([['part', kind]]))(cells, root, {});

test('cells are files under their own names, and nothing else stays', async () => {
  const root = scratch();
  await run(root, partKind());
  expect(readdirSync(root)).toEqual(['parts']);
  expect(readdirSync(join(root, 'parts')).sort()).toEqual(
    [1, 2, 3].flatMap(part => [`part-${part}.csv`, `part-${part}.json`]),
  );
  expect(readFileSync(join(root, 'parts/part-2.csv'), 'utf8')).toBe('part,2\n');
});

test('only what is missing is computed, with the same bytes; a part without its JSON is missing', async () => {
  const [root, whole] = [scratch(), scratch()];
  await run(whole, partKind());
  await makeFolders(join(root, 'parts'));
  writeFileSync(join(root, 'parts/part-2.json'), '{"part":2}');
  writeFileSync(join(root, 'parts/part-2.csv'), 'part,2\n');
  writeFileSync(join(root, 'parts/part-3.csv'), 'half');
  const computed: unknown[] = [];
  await run(
    root,
    partKind(part => computed.push(part)),
  );
  expect(computed).toEqual([1, 3]);
  expect(digestsBelow(root)).toEqual(digestsBelow(whole));
});

test('a cell of several parts is finished with the last; what is stored stays', async () => {
  const root = scratch();
  const [cell] = cells as [Cell];
  const store = namedStore(
    root,
    (_, part) => join('parts', part),
    () => ['a', 'a-0', 'b'],
  );
  const computed = scratch();
  for (const part of ['a', 'a-0', 'b'])
    for (const ending of ['csv', 'json']) writeFileSync(join(computed, `${part}.${ending}`), `new ${part}`);
  await makeFolders(join(root, 'parts'));
  writeFileSync(join(root, 'parts/a-0.json'), 'old');
  expect(await store.find(cell)).toBeUndefined();
  expect(await store.store(cell, computed)).toEqual({ status: 'done', found: false });
  expect(await store.find(cell)).toEqual({ status: 'done', found: true });
  expect(existsSync(computed)).toBe(false);
  const files = readdirSync(join(root, 'parts')).sort();
  expect(files).toEqual(['a-0.json', 'a.csv', 'a.json', 'b.csv', 'b.json']);
  expect(files.map(name => readFileSync(join(root, 'parts', name), 'utf8'))).toEqual([
    ...['old', 'new a', 'new a', 'new b', 'new b'],
  ]);
});

test('an error of a cell is that of the study; what was stored stays', async () => {
  const root = scratch();
  const fault = new Error('part 2 is wrong');
  const kind = partKind(part => {
    if (part === 2) throw fault;
  });
  await expect(run(root, kind)).rejects.toBe(fault);
  expect(readdirSync(join(root, 'parts')).sort()).toEqual(['part-1.csv', 'part-1.json']);
  await run(root, partKind());
  expect(readdirSync(root)).toEqual(['parts']);
});

describe('a late result', () => {
  test('is not stored, and says so', async () => {
    const root = scratch();
    await run(root, partKind());
    const before = digestsBelow(root);
    const late = join(workFolderOf(root, nameOfCell(cells[0]!)), 'out');
    await makeFolders(late);
    writeFileSync(join(late, 'result.json'), '"late"');
    expect(await namedStore(root, nameOf).store(cells[0]!, late)).toMatchObject({
      found: true,
      note: expect.stringContaining('not used'),
    });
    expect(existsSync(late)).toBe(false);
    expect(digestsBelow(root)).toEqual(before);
  });
});
