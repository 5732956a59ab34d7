/**
 * @file The weights of a GGUF file as a file of float32 that is nowhere: whatever is read of it is
 * unpacked at that moment.
 */
import { UserError } from '../../../error.ts';
import type { ByteSource } from '../../byte-source.ts';
import { unpackBlocks, unpackBlocksInto } from './blocks/blocks.ts';
import { ggufModel } from './model.ts';
import { type Gguf, parseGguf } from './parse-gguf.ts';
import type { WeightPlan } from './plan.ts';
import { ggufReaders } from './readers.ts';
import { placeOfRows } from './rows.ts';
import { weightParts } from './weights.ts';

// Most headers fit, and all without a vocabulary.
const FIRST_READ = 2 << 20;
// Of unpacked bytes: weights of a layer are smaller, the table of a vocabulary is not.
const MOST_KEPT = 64 << 20;
// One cache line, and enough for every vector instruction.
const ALIGNMENT = 64;

/** A weight, and where it lies in the file of float32. */
interface Placed {
  readonly plan: WeightPlan;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

export interface UnpackedGguf {
  readonly gguf: Gguf;
  /** As Hugging Face writes it in `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly Placed[];
  /** Bytes of the file of float32. */
  readonly size: number;
}

/**
 * Reads the header of a GGUF file and lays out its weights as float32.
 *
 * @param vocabulary false leaves out what a tokenizer needs, which is quicker
 * @throws UserError when the file is damaged or not supported
 */
export async function layOutGguf(
  name: string,
  source: ByteSource,
  { vocabulary }: { readonly vocabulary: boolean },
): Promise<UnpackedGguf> {
  const fail = (what: string): never => {
    throw new UserError(`${name}: not a usable GGUF file: ${what}`);
  };
  const { size } = source;
  let gguf: Gguf | undefined;
  for (let needs = FIRST_READ; gguf === undefined; ) {
    const bytes = await source.read(0, Math.min(size, needs));
    const parsed = parseGguf(bytes, { file: name, size, vocabulary, fail });
    if (!('needs' in parsed)) gguf = parsed;
    else if (bytes.length === size) fail('it ends inside its header');
    else needs = Math.max(parsed.needs, 2 * bytes.length);
  }
  const { config, weights } = await ggufModel(
    gguf,
    ggufReaders((_, use) => use(source)),
  );
  let end = 0;
  const placed = weights.map(plan => {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const length = 4 * plan.shape.reduce((product, size) => product * size, 1);
    end = offset + length;
    return { plan, offset, length };
  });
  return { gguf, config, weights: placed, size: end };
}

/** Bytes of the packed file that the next step needs. */
interface Read {
  readonly offset: number;
  readonly length: number;
}

/**
 * Fills `target`, which is zero, with the bytes from `offset` on of the file of float32. Yields what
 * it reads and is given it.
 */
function* unpack(
  { weights }: UnpackedGguf,
  offset: number,
  target: Uint8Array<ArrayBuffer>,
): Generator<Read, void, Uint8Array> {
  const { length } = target;
  for (const weight of weights) {
    let at = weight.offset;
    if (at >= offset + length || at + weight.length <= offset) continue;
    const { tensor } = weight.plan;
    for (const { first, count, values, arrange } of weightParts(weight.plan)) {
      const end = at + 4 * values;
      if (at < offset + length && end > offset) {
        const packed = yield placeOfRows(tensor, first, count);
        const place = target.byteOffset + at - offset;
        if (arrange === undefined && at >= offset && end <= offset + length && place % 4 === 0) {
          unpackBlocksInto(new Float32Array(target.buffer, place, values), tensor.type, packed);
        } else {
          const stored = unpackBlocks(tensor.type, packed);
          const bytes = new Uint8Array((arrange === undefined ? stored : arrange(stored)).buffer);
          target.set(bytes.subarray(Math.max(0, offset - at), offset + length - at), Math.max(0, at - offset));
        }
      }
      at = end;
    }
  }
}

/** The file of float32, read from the packed one. */
export function unpackedSource(layout: UnpackedGguf, packed: ByteSource): ByteSource {
  return {
    size: layout.size,
    async read(offset, length) {
      const target = new Uint8Array(length);
      const work = unpack(layout, offset, target);
      let step = work.next();
      while (!step.done) step = work.next(await packed.read(step.value.offset, step.value.length));
      return target;
    },
  };
}

/**
 * The same of a source that is read at once. What it returns holds until the next call: fresh memory
 * for each weight takes longer than unpacking it.
 */
export function unpackedAtOnce(
  layout: UnpackedGguf,
  packed: (offset: number, length: number) => Uint8Array,
): (offset: number, length: number) => Uint8Array<ArrayBuffer> {
  let kept = new Uint8Array(0);
  const zeros = (length: number): Uint8Array<ArrayBuffer> => {
    if (length > MOST_KEPT) return new Uint8Array(length);
    if (kept.length < length) kept = new Uint8Array(length);
    return kept.subarray(0, length).fill(0);
  };
  return (offset, length) => {
    const target = zeros(length);
    const work = unpack(layout, offset, target);
    let step = work.next();
    while (!step.done) step = work.next(packed(step.value.offset, step.value.length));
    return target;
  };
}
