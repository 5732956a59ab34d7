import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { fromBuffer } from 'yauzl';
import { stateTensors } from '../../../src/checkpoint/formats/torch/state-tensors.ts';
import { readTorchFile } from '../../../src/checkpoint/sources/read-torch.ts';
import {
  dictionary,
  floats,
  integer,
  list,
  namespace,
  none,
  pickle,
  storage,
  tensor,
  text,
  truth,
  type ZipPart,
  zip,
} from '../../torch-archive.ts';
import { chance, draw, format, pick } from '../format.ts';
import { FORGED, mutateBytes } from '../mutate-bytes.ts';
import { mutatePickle } from '../mutate-pickle.ts';

const NUMBERS = floats(Array.from({ length: 64 }, (_, i) => i));
const PICKLED = pickle(
  dictionary({
    args: namespace({ decoder_attention_heads: integer(4), share: truth(true), data: none }),
    model: dictionary({
      whole: tensor(storage('0', 'FloatStorage', 64), [8, 8]),
      part: tensor(storage('0', 'FloatStorage', 64), [8], [1], 56),
    }),
    history: list(text('x'), integer(-1)),
  }),
);
const partsOf = (data: Uint8Array): readonly ZipPart[] => [
  { name: 'x/data.pkl', data },
  { name: 'x/byteorder', data: Buffer.from('little') },
  { name: 'x/data/0', data: NUMBERS },
  { name: 'x/version', data: Buffer.from('3\n') },
];
const [whole, whole64] = [zip(partsOf(PICKLED)), zip(partsOf(PICKLED), { zip64: true })];

async function read(bytes: Buffer, folder: string) {
  const file = join(folder, 'model.pt');
  writeFileSync(file, bytes);
  const found = await readTorchFile(file);
  const state = found.value instanceof Map ? found.value.get('model') : undefined;
  const places = state instanceof Map ? [...stateTensors(found.file, state).weights.values()] : [];
  for (const { offset, length } of places) {
    if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length))
      throw new Error('a tensor extends past the end of the file');
  }
  return places;
}

function strangePart(random: RandomGenerator, part: ZipPart): ZipPart {
  const size = () =>
    Number(pick(random, [...FORGED.slice(0, 7), BigInt(part.data.length + 1), BigInt(part.data.length)]) & 0xffffffffn);
  switch (draw(random, 8)) {
    case 0:
      return {
        ...part,
        name: pick(random, [
          '',
          '../x/data.pkl',
          '/x/data.pkl',
          'x/data.pkl',
          'x\\data.pkl',
          'y/data.pkl',
          'x/data/0',
          '\u0000',
        ]),
      };
    case 1:
      return { ...part, method: pick(random, [8, 1, 99, 0xffff]) };
    case 2:
      return { ...part, flags: pick(random, [1, 8, 0x800, 0x2000, 0xffff]) };
    case 3:
      return { ...part, crc: draw(random, 2 ** 31) };
    case 4:
      return { ...part, sizes: [size(), size()] };
    case 5:
      return { ...part, localSizes: [size(), size()] };
    case 6:
      return { ...part, header: chance(random, 2) ? 64 * draw(random, 20) : size() };
    default: {
      const extra = Buffer.alloc(4 + draw(random, 28), draw(random, 256));
      extra.writeUInt16LE(pick(random, [1, 0x7075, 0x4246]), 0);
      extra.writeUInt16LE(pick(random, [extra.length - 4, 0, 8, 0xffff]), 2);
      return chance(random, 2) ? { ...part, extra } : { ...part, localName: 'x/data.pk1' };
    }
  }
}

/** The entries according to yauzl, a second strict reader. */
function entriesOf(bytes: Buffer): Promise<ReadonlyMap<string, number>> {
  return new Promise((resolve, reject) => {
    const found = new Map<string, number>();
    fromBuffer(bytes, { strictFileNames: true, validateEntrySizes: true }, (error, archive) => {
      if (error) return reject(error);
      archive.on('error', reject);
      archive.on('entry', entry => found.set(entry.fileName, entry.uncompressedSize));
      archive.on('end', () => resolve(found));
    });
  });
}

export const torchZip = format({
  name: 'torch zip',
  mutant: random => {
    if (chance(random, 3)) {
      const bytes = chance(random, 2) ? whole : whole64;
      return chance(random, 2) ? mutateBytes(bytes, random) : mutateBytes(bytes, random, bytes.length - 500);
    }
    const parts = [...partsOf(PICKLED)];
    for (let changes = 1 + draw(random, 2); changes > 0; changes--) {
      const at = draw(random, parts.length);
      parts.splice(at, draw(random, 3) === 0 ? 0 : 1, strangePart(random, parts[at]!));
    }
    const comment = chance(random, 8) ? 'PK\u0005\u0006'.repeat(1 + draw(random, 9)) : '';
    return zip(parts, { zip64: chance(random, 3), comment });
  },
  read,
  strict: async bytes => {
    const entries = await entriesOf(bytes);
    if (![...entries.keys()].some(name => name.endsWith('/data.pkl'))) throw new Error('yauzl finds no data.pkl');
  },
});

// torch.load is its second reader: test/golden/strict.py replays what was taken.
export const torchPickle = format({
  name: 'pickle',
  mutant: random => zip(partsOf(mutatePickle(PICKLED, random))),
  read,
});
