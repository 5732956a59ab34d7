import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gguf as secondReader } from '@huggingface/gguf';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { ggufModel } from '../../../src/checkpoint/formats/gguf/model.ts';
import { fileReaders, readGguf } from '../../../src/checkpoint/sources/read-gguf.ts';
import { UserError } from '../../../src/error.ts';
import { ggufTokenizer } from '../../../src/tokenizer/gguf-tokenizer.ts';
import {
  entry,
  f32,
  f32Entry,
  ggufFile,
  join as pieces,
  type TensorToPack,
  textEntry,
  textsEntry,
  u8,
  u32,
  u32Entry,
  u64,
} from '../../gguf-file.ts';
import { chance, draw, format, pick } from '../format.ts';
import { FORGED, mutateBytes } from '../mutate-bytes.ts';

const ENTRIES = [
  textEntry('general.architecture', 'llama'),
  u32Entry('llama.block_count', 2),
  f32Entry('llama.rope.freq_base', 10_000),
  textsEntry('tokenizer.ggml.tokens', ['a', 'b', 'ab']),
];
const TENSORS: readonly TensorToPack[] = [
  { name: 'token_embd.weight', type: 0, sizes: [8, 4], data: new Uint8Array(128).fill(1) },
  { name: 'blk.0.attn_q.weight', type: 2, sizes: [32, 2], data: new Uint8Array(36).fill(2) },
  { name: 'blk.0.attn_k.weight', type: 8, sizes: [32, 1], data: new Uint8Array(34).fill(3) },
];
const whole = Buffer.from(ggufFile({ entries: ENTRIES, tensors: TENSORS }));
const headerBytes = whole.length - 256;

function strangeEntry(random: RandomGenerator): Uint8Array {
  const key = pick(random, [
    'general.alignment',
    'general.architecture',
    'llama.block_count',
    'x',
    '',
    'tokenizer.ggml.tokens',
  ]);
  const nested = (depth: number): Uint8Array =>
    depth === 0 ? pieces(u32(4), u64(1), u32(7)) : pieces(u32(9), u64(1), nested(depth - 1));
  switch (draw(random, 7)) {
    case 0:
      return u32Entry(key, pick(random, [0, 1, 7, 8, 16, 32, 64, 4096, 2 ** 31]));
    case 1:
      return entry(key, 9, nested(draw(random, 8)));
    case 2:
      return entry(key, 9, pieces(u32(draw(random, 14)), u64(pick(random, FORGED)), f32(1, 2, 3)));
    case 3:
      return entry(key, 8, pieces(u64(pick(random, FORGED)), u8(65)));
    case 4:
      return entry(key, draw(random, 16), u64(pick(random, FORGED)));
    case 5:
      return textsEntry(key, ['a', 'a', '\u0000', '\ud800']);
    default:
      return textEntry(key, pick(random, ['', 'llama', '\u0000', 'x'.repeat(3000)]));
  }
}

function strangeTensor(random: RandomGenerator): TensorToPack {
  const tensor = pick(random, TENSORS);
  const size = () => (chance(random, 2) ? draw(random, 70) : pick(random, FORGED));
  switch (draw(random, 5)) {
    case 0:
      return { ...tensor, name: pick(random, ['', 'token_embd.weight', '\u0000', 'x'.repeat(100)]) };
    case 1:
      return { ...tensor, type: draw(random, 45) };
    case 2:
      return { ...tensor, sizes: Array.from({ length: draw(random, 7) }, size) };
    case 3:
      return { ...tensor, offset: chance(random, 2) ? 32 * draw(random, 12) : pick(random, FORGED) };
    default:
      return tensor;
  }
}

async function refusable(act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

export const gguf = format({
  name: 'GGUF',
  mutant: random => {
    if (chance(random, 3)) return mutateBytes(whole, random, 0, headerBytes);
    const [entries, tensors] = [[...ENTRIES], [...TENSORS]];
    for (let changes = 1 + draw(random, 2); changes > 0; changes--) {
      if (chance(random, 2)) entries.splice(draw(random, entries.length + 1), draw(random, 2), strangeEntry(random));
      else tensors.splice(draw(random, tensors.length + 1), draw(random, 2), strangeTensor(random));
    }
    const bytes = Buffer.from(
      ggufFile({
        entries,
        tensors,
        ...(chance(random, 10) && { version: draw(random, 6) }),
        ...(chance(random, 10) && { entryCount: pick(random, FORGED) }),
        ...(chance(random, 10) && { tensorCount: pick(random, FORGED) }),
      }),
    );
    return chance(random, 4) ? mutateBytes(bytes, random, 0, headerBytes) : bytes;
  },
  read: async (bytes, folder) => {
    const file = join(folder, 'x.gguf');
    writeFileSync(file, bytes);
    const read = readGguf(file, { vocabulary: true });
    for (const tensor of read.tensors.values()) {
      if (!(tensor.offset >= 0 && tensor.offset + tensor.length <= bytes.length))
        throw new Error('a tensor extends past the end of the file');
      if (tensor.shape.reduce((a, b) => a * b, 1) < 10_000) await fileReaders.readTensor(tensor);
    }
    // Most inputs are not complete models; the header is valid even if this is refused.
    await refusable(() => ggufModel(read, fileReaders));
    await refusable(() => ggufTokenizer(file, read.metadata));
    return read;
  },
  strict: async (_, { tensors }, folder) => {
    const { tensorInfos, tensorDataOffset } = await secondReader(join(folder, 'x.gguf'), { allowLocalFile: true });
    if (tensorInfos.length !== tensors.size) throw new Error(`${tensorInfos.length} tensors, not ${tensors.size}`);
    for (const { name, shape, offset } of tensorInfos) {
      const read = tensors.get(name);
      const same =
        read?.shape.toReversed().join() === shape.join() && read.offset === Number(tensorDataOffset + offset);
      if (!same) throw new Error(`${JSON.stringify(name)} is read otherwise`);
    }
  },
});
