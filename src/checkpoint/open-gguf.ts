import { UserError } from '../error.ts';
import { cacheWeights, openCachedWeights, type WeightToCache } from './cache.ts';
import type { Checkpoint } from './checkpoint.ts';
import { fileDigest, rememberedDigest } from './digest.ts';
import { type Gguf, readGguf } from './gguf.ts';
import { ggufModel, uninterleave, type WeightPlan } from './gguf-model.ts';
import { readGgufRows, rowCount } from './gguf-values.ts';
import type { OpenProgress } from './open.ts';

// Pieces stay in the processor's cache and keep memory small whatever the tensor.
const PIECE_VALUES = 1 << 20;

/**
 * Opens a GGUF file: its weights are unpacked to float32 in the cache, once.
 *
 * @param identity.sha256 what the file's digest must be, if that is known.
 * @throws UserError when the file is damaged or holds what is not supported, or the cache cannot be written.
 */
export async function openGguf(
  file: string,
  identity: { readonly name: string; readonly source: string; readonly sha256?: string },
  onProgress?: (progress: OpenProgress) => void,
): Promise<Checkpoint> {
  const { name, source, sha256 } = identity;
  const checked = (digest: string): string => {
    if (sha256 === undefined || digest === sha256) return digest;
    throw new UserError(`${file}: its SHA-256 is ${digest}, its manifest says ${sha256}; install it again`);
  };
  const tokenizer = { kind: 'gguf', file } as const;
  const remembered = await rememberedDigest(file);
  if (remembered !== undefined) {
    const cached = await openCachedWeights(checked(remembered));
    if (cached !== undefined) {
      const { config, tensors } = cached;
      return { name, source, digest: remembered, config, tensors, otherTensors: new Map(), tokenizer };
    }
  }
  // Looked at before the file is read whole: what is not supported is refused at once.
  const gguf = readGguf(file, { vocabulary: false });
  const model = await ggufModel(gguf);
  const digest = checked(
    remembered ??
      (await fileDigest(file, (done, total) => onProgress?.({ stage: 'checking the model file', done, total }))),
  );
  const { config, tensors } =
    (await openCachedWeights(digest)) ??
    (await cacheWeights(
      digest,
      { config: model.config, weights: model.weights.map(plan => unpacked(gguf, plan)) },
      (done, total) => onProgress?.({ stage: 'unpacking weights', done, total }),
    ));
  return { name, source, digest, config, tensors, otherTensors: new Map(), tokenizer };
}

function unpacked(gguf: Gguf, plan: WeightPlan): WeightToCache {
  return { name: plan.name, shape: plan.shape, pieces: () => weightPieces(gguf, plan) };
}

/** The values of a weight as float32 in Hugging Face's order, some rows at a time. */
export async function* weightPieces(gguf: Gguf, plan: WeightPlan): AsyncGenerator<Float32Array> {
  const { tensor, interleavedHeads } = plan;
  const vector = plan.shape.length === 1;
  const width = vector ? 1 : tensor.shape.at(-1)!;
  // A vector is one row of the file, also where its values are those of interleaved heads.
  if (vector) {
    const values = await readGgufRows(gguf, tensor, 0, 1);
    yield interleavedHeads === undefined ? values : uninterleave(values, values.length / interleavedHeads, 1);
    return;
  }
  const rows = rowCount(tensor);
  const headRows = interleavedHeads === undefined ? 1 : rows / interleavedHeads;
  const step = Math.max(1, Math.floor(PIECE_VALUES / width / headRows)) * headRows;
  for (let first = 0; first < rows; first += step) {
    const values = await readGgufRows(gguf, tensor, first, Math.min(step, rows - first));
    yield interleavedHeads === undefined ? values : uninterleave(values, headRows, width);
  }
}
