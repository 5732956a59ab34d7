/** @file Strided weights, copied row by row into the cache. */

import type { ByteProgress } from '../../files/digest.ts';
import type { TensorLocation } from '../checkpoint.ts';
import type { StridedView } from '../formats/torch/state-tensors.ts';
import { readTensor } from '../sources/read-tensor.ts';
import { cacheWeights, openCachedWeights, type WeightToCache } from './cache.ts';

const PIECE_VALUES = 1 << 20;

/**
 * The same weights as float32, row by row, in one file of the cache, written on first use.
 *
 * @param digest SHA-256 over the files that hold them
 * @throws UserError when they cannot be read or the cache cannot be written
 */
export async function denseViews(
  digest: string,
  views: ReadonlyMap<string, StridedView>,
  onProgress?: ByteProgress,
): Promise<ReadonlyMap<string, TensorLocation>> {
  if (views.size === 0) return new Map();
  const weights = [...views.values()].map((view): WeightToCache => ({ ...view, pieces: () => inOrder(view) }));
  const cached = (await openCachedWeights(digest)) ?? (await cacheWeights(digest, { config: {}, weights }, onProgress));
  return cached.tensors;
}

/** Holds one tensor in memory at a time. */
async function* inOrder(view: StridedView): AsyncGenerator<Float32Array> {
  const { shape, strides } = view;
  const stored = await readTensor(view);
  const count = shape.reduce((product, size) => product * size, 1);
  const index = shape.map(() => 0);
  let from = 0;
  for (let done = 0; done < count; ) {
    const piece = new Float32Array(Math.min(PIECE_VALUES, count - done));
    for (let i = 0; i < piece.length; i++) {
      piece[i] = stored[from]!;
      // The next index, the last dimension first.
      for (let d = shape.length - 1; d >= 0; d--) {
        index[d]!++;
        from += strides[d]!;
        if (index[d]! < shape[d]!) break;
        from -= strides[d]! * shape[d]!;
        index[d] = 0;
      }
    }
    done += piece.length;
    yield piece;
  }
}
