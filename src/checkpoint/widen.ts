import { cacheWeights, openCachedWeights, type WeightToCache } from './cache.ts';
import { type Checkpoint, readTensor, type TensorLocation } from './checkpoint.ts';
import type { OpenProgress } from './open.ts';

// Pieces keep memory small whatever the tensor.
const PIECE_VALUES = 1 << 20;

/**
 * The checkpoint with float32 weights. Half precision is widened once, into a file of the cache that all sessions map: casting when
 * a session opens would cost seconds at every start and a float32 copy of all weights in each session (docs/models.md has the
 * figures). Float32 checkpoints are used where they lie.
 *
 * @throws UserError when the cache cannot be written
 */
export async function widened(
  checkpoint: Checkpoint,
  onProgress?: (progress: OpenProgress) => void,
): Promise<Checkpoint> {
  const { digest, config } = checkpoint;
  const locations = [...checkpoint.tensors.values()];
  if (locations.every(({ dtype }) => dtype === 'F32')) return checkpoint;
  const { tensors } =
    (await openCachedWeights(digest)) ??
    (await cacheWeights(digest, { config, weights: locations.map(toCache) }, (done, total) =>
      onProgress?.({ stage: 'unpacking weights', done, total }),
    ));
  return { ...checkpoint, tensors };
}

function toCache(location: TensorLocation): WeightToCache {
  return { name: location.name, shape: location.shape, pieces: () => pieces(location) };
}

async function* pieces(location: TensorLocation): AsyncGenerator<Float32Array> {
  const { offset, length, dtype } = location;
  const step = PIECE_VALUES * (dtype === 'F32' ? 4 : 2);
  for (let start = 0; start < length; start += step) {
    yield readTensor({ ...location, offset: offset + start, length: Math.min(step, length - start) });
  }
}
