import { join } from 'node:path';
import { writeAtomically, writeFully } from '../files/atomic-file.ts';
import { fillNormal, type RandomStream } from '../statistics/random.ts';
import type { Checkpoint, TensorLocation } from './checkpoint.ts';
import { readTensor } from './sources/read-tensor.ts';
import { writeSafetensorsOneByOne } from './sources/write-safetensors.ts';

export interface UntrainedOptions {
  /** The random numbers of a tensor, by its name. */
  readonly streamOf: (name: string) => RandomStream;
  /** Receives the bytes that are written, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes an untrained model of a checkpoint: every matrix W of its layers is drawn anew,
 *
 *     W'_ij ~ N(0, rms(W)^2),   rms(W) = sqrt(mean of W_ij^2)
 *
 * in row-major order, and everything else is kept: embeddings, positions, head, norms and biases
 * ("trained embeddings", Deutch et al. 2023). Where the embedding is narrower than the model (OPT
 * 350M), its projections in and out are part of embedding and head and are kept too.
 *
 * All tensors are written as float32. `openCheckpoint` reads the folder: config.json and
 * model.safetensors, without a tokenizer. The caller deletes it.
 *
 * @throws UserError when the checkpoint cannot be read or the disk refuses
 */
export async function writeUntrained(
  { config, tensors }: Pick<Checkpoint, 'config' | 'tensors'>,
  folder: string,
  { streamOf, onProgress }: UntrainedOptions,
): Promise<void> {
  const outlines = [...tensors.values()].map(location => ({
    name: location.name,
    dtype: 'F32',
    shape: location.shape,
    length: 4 * location.shape.reduce((product, size) => product * size, 1),
    location,
  }));
  const total = outlines.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  await writeSafetensorsOneByOne(join(folder, 'model.safetensors'), outlines, async ({ location, length }) => {
    const values = await readTensor(location);
    if (isLayerMatrix(location)) drawAgain(values, streamOf(location.name));
    done += length;
    onProgress?.(done, total);
    return values;
  });
  // Last, so that a folder that another process finds is whole.
  const json = new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`);
  await writeAtomically(join(folder, 'config.json'), json.length, handle => writeFully(handle, json, 0));
}

/**
 * Tensors of a layer have its number in their name; embeddings, positions, head and final norm have
 * none.
 */
function isLayerMatrix({ name, shape }: Pick<TensorLocation, 'name' | 'shape'>): boolean {
  return shape.length === 2 && /(?:^|\.)\d+\./.test(name);
}

/** Numbers that are drawn at once; even, as normal numbers are drawn in pairs. */
const PIECE = 1 << 16;

function drawAgain(values: Float32Array, stream: RandomStream): void {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  const deviation = Math.sqrt(squares / values.length);
  const piece = new Float64Array(PIECE);
  for (let start = 0; start < values.length; start += PIECE) {
    const drawn = fillNormal(stream, piece.subarray(0, Math.min(PIECE, values.length - start)));
    for (let i = 0; i < drawn.length; i++) values[start + i] = deviation * drawn[i]!;
  }
}
