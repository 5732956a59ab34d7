import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, readSafetensorsHeader } from '../../../src/checkpoint/sources/read-safetensors.ts';
import { chance, format, pick } from '../format.ts';
import { FORGED, mutateBytes } from '../mutate-bytes.ts';
import { mutateJson } from '../mutate-json.ts';
import { strictJson } from '../strict-json.ts';

const HEADER = {
  __metadata__: { format: 'pt', note: 'a' },
  'h.0.weight': { dtype: 'F32', shape: [4, 3], data_offsets: [0, 48] },
  'h.0.bias': { dtype: 'BF16', shape: [4], data_offsets: [48, 56] },
  ids: { dtype: 'I64', shape: [2], data_offsets: [56, 72] },
  empty: { dtype: 'F16', shape: [0, 7], data_offsets: [72, 72] },
  scalar: { dtype: 'F32', shape: [], data_offsets: [72, 76] },
};
const DATA = Buffer.from(Float32Array.from({ length: 19 }, (_, i) => i / 7).buffer);

function withHeader(json: Buffer, length = BigInt(json.length)): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, json, DATA]);
}

const whole = withHeader(Buffer.from(JSON.stringify(HEADER)));

const BITS: Readonly<Record<string, number>> = {
  ...{ F64: 64, I64: 64, U64: 64, C64: 64, F32: 32, I32: 32, U32: 32, F16: 16, BF16: 16, I16: 16, U16: 16 },
  ...{
    BOOL: 8,
    U8: 8,
    I8: 8,
    F8_E5M2: 8,
    F8_E4M3: 8,
    F8_E8M0: 8,
    F8_E4M3FNUZ: 8,
    F8_E5M2FNUZ: 8,
    F6_E2M3: 6,
    F6_E3M2: 6,
    F4: 4,
  },
};

interface Stated {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * The rules of the format, as its page states them: a header of JSON objects, and data covered
 * without gap or overlap.
 */
function strictTensors(bytes: Buffer): readonly (readonly [string, Stated])[] {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const text = bytes.subarray(8, start);
  if (text[0] !== 0x7b) throw new Error('a header must begin with {');
  const { __metadata__: metadata, ...tensors } = strictJson(text) as Record<string, never>;
  if (!Object.values(metadata ?? {}).every(value => typeof value === 'string'))
    throw new Error('metadata must be text');
  const stated = Object.entries(tensors as Record<string, Stated>);
  let at = 0;
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of stated.toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    const count = shape.reduce((product, size) => product * BigInt(size), 1n);
    if (from !== at) throw new Error(`${name} begins at ${from}, not ${at}`);
    if (count * BigInt(BITS[dtype]!) !== 8n * BigInt(to - from)) throw new Error(`${name} has another size`);
    at = to;
  }
  if (start + at !== bytes.length) throw new Error('the tensors do not end with the file');
  return stated;
}

export const safetensors = format({
  name: 'safetensors',
  mutant: random => {
    if (chance(random, 3)) return mutateBytes(whole, random, 0, whole.length - DATA.length);
    const json = mutateJson(HEADER, random);
    return chance(random, 8) ? withHeader(json, pick(random, FORGED)) : withHeader(json);
  },
  read: async (bytes, folder) => {
    const file = join(folder, 'x.safetensors');
    writeFileSync(file, bytes);
    const { tensors } = await readSafetensorsHeader(file);
    if ([...tensors.values()].every(({ dtype }) => ['F32', 'F16', 'BF16', 'I32', 'I64'].includes(dtype))) {
      await readSafetensors(file);
    }
    return tensors;
  },
  strict: (bytes, tensors) => {
    const start = 8 + Number(bytes.readBigUInt64LE(0));
    const stated = strictTensors(bytes);
    if (stated.length !== tensors.size) throw new Error(`${stated.length} tensors, not ${tensors.size}`);
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ] of stated) {
      const { dtype: type, shape: sizes, offset, length } = tensors.get(name)!;
      if (type !== dtype || String(sizes) !== String(shape) || offset !== start + from || length !== to - from) {
        throw new Error(`${name} is read otherwise`);
      }
    }
  },
});
