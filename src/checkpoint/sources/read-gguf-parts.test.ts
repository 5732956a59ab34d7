import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entry, f32, ggufFile, textEntry, u32, VALUE } from '../../../test/gguf-file.ts';
import { UserError } from '../../error.ts';
import { readGgufParts } from './read-gguf-parts.ts';

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-gguf-split-')));
});
afterAll(() => rmSync(folder, { recursive: true }));

const count = (key: string, value: number) => entry(`split.${key}`, 2, new Uint8Array(Uint16Array.of(value).buffer));

interface Part {
  readonly no?: number;
  readonly of?: number;
  readonly total?: number;
  readonly tensors: readonly string[];
}

const tensor = (name: string) => ({ name, type: 0, sizes: [2], data: f32(1, 2) });

/** Writes parts into a folder of their own; the first has the settings. */
function write(parts: readonly Part[], stem = 'model'): (part: number) => string {
  const place = mkdtempSync(join(folder, 'parts-'));
  const all = parts.reduce((sum, { tensors }) => sum + tensors.length, 0);
  const name = (part: number) => `${stem}-0000${part}-of-0000${parts.length}.gguf`;
  for (const [i, { no = i, of = parts.length, total = all, tensors }] of parts.entries()) {
    const split = [count('no', no), count('count', of), entry('split.tensors.count', VALUE.i32, u32(total))];
    const settings = i === 0 ? [textEntry('general.architecture', 'llama')] : [];
    writeFileSync(
      join(place, name(i + 1)),
      ggufFile({ entries: [...settings, ...split], tensors: tensors.map(tensor) }),
    );
  }
  return part => join(place, name(part));
}

const PARTS: readonly Part[] = [{ tensors: ['a', 'b'] }, { tensors: [] }, { tensors: ['c'] }];

test.each([1, 2, 3])('any part opens all of them: part %i', part => {
  const file = write(PARTS);
  const gguf = readGgufParts(file(part));
  expect(gguf.files).toEqual([file(1), file(2), file(3)]);
  expect(gguf.file).toBe(file(1));
  expect(gguf.metadata.get('general.architecture')).toBe('llama');
  expect([...gguf.tensors.values()].map(({ name, file: of }) => [name, of])).toEqual([
    ['a', file(1)],
    ['b', file(1)],
    ['c', file(3)],
  ]);
});

test('parts behind symbolic links of other names, as the cache of the hub has them', () => {
  const file = write(PARTS);
  const snapshot = join(folder, 'snapshot');
  mkdirSync(snapshot);
  const links = [1, 2, 3].map(part => {
    const blob = join(folder, `blob-${part}`);
    renameSync(file(part), blob);
    const link = join(snapshot, `m-0000${part}-of-00003.gguf`);
    symlinkSync(blob, link);
    return link;
  });
  expect([...readGgufParts(links[1]!).tensors.keys()]).toEqual(['a', 'b', 'c']);
});

test('a whole model may have the name of a part', () => {
  const file = join(folder, 'whole-00001-of-00002.gguf');
  writeFileSync(file, ggufFile({ tensors: [tensor('a')] }));
  expect(readGgufParts(file).files).toEqual([file]);
});

describe('refuses in one line', () => {
  const cases: readonly [string, () => string, RegExp][] = [
    [
      'a missing part',
      () => {
        const file = write(PARTS);
        rmSync(file(2));
        return file(3);
      },
      /model-00002-of-00003\.gguf: part 2 of 3 of the model is missing; fetch it too$/,
    ],
    [
      'a part under another name',
      () => {
        const file = write(PARTS);
        const renamed = join(folder, 'renamed.gguf');
        renameSync(file(1), renamed);
        return renamed;
      },
      /renamed\.gguf: it is one of 3 parts of a model; their names must end in -00001-of-00003\.gguf/,
    ],
    [
      'parts in another order',
      () => write([{ tensors: ['a'] }, { no: 0, tensors: ['b'] }])(1),
      /by its name it is part 2 of 2, by its content part 1 of 2/,
    ],
    [
      'a part of another model',
      () => write([{ tensors: ['a'] }, { of: 5, tensors: ['b'] }])(1),
      /by its name it is part 2 of 2, by its content part 2 of 5/,
    ],
    [
      'a tensor in two parts',
      () => write([{ tensors: ['a'] }, { tensors: ['a'] }])(1),
      /tensor a is in an earlier part/,
    ],
    [
      'fewer tensors than announced',
      () => write([{ total: 3, tensors: ['a'] }, { tensors: ['b'] }])(1),
      /3 tensors are announced, its 2 parts have 2/,
    ],
  ];
  test.each(cases)('%s', (_what, make, message) => {
    const file = make();
    expect(() => readGgufParts(file)).toThrow(UserError);
    expect(() => readGgufParts(file)).toThrow(message);
  });
});
