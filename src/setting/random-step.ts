import type { LoadedModel, Projections } from '../model/loaded-model.ts';
import type { Handle, TensorData } from '../runtime/runtime.ts';
import { releaseOnFailure } from '../runtime/scope.ts';
import { fillNormal, type RandomStream } from '../statistics/random.ts';
import { type ProjectionPart, projectionParts } from './projection-parts.ts';

/**
 * A step as long as another one, in a random direction. Every projection W (weights and biases, key
 * and value apart where they share a tensor) moves by the Frobenius norm of the other step on it:
 *
 *     W + |dW| Z / |Z|,   Z ~ N(0, 1) in each element, in row-major order
 *
 * @param changed what the other step left of the pretrained projections
 * @param streamOf random numbers for the projection of an index (`ProjectionPart`)
 * @returns projections that the caller releases
 */
export async function randomStep(
  model: LoadedModel,
  changed: Projections,
  streamOf: (index: number) => RandomStream,
): Promise<Projections> {
  const parts = projectionParts(model.decoder);
  return releaseOnFailure(model, async ({ runtime, pretrained }) => {
    const moved: Record<string, Handle> = {};
    for (const { name } of model.decoder.projections.flat()) {
      const both = [runtime.download(pretrained[name]!), runtime.download(changed[name]!)] as const;
      const [{ dims, data }, after] = await Promise.all(both);
      const weights = Float32Array.from(data);
      for (const part of parts) {
        if (part.tensor.name === name) moveRandomly(weights, after.data, part, streamOf(part.index));
      }
      moved[name] = await runtime.upload(name, { type: 'float32', dims, data: weights });
    }
    return moved;
  });
}

/** Moves one part of `weights` as far as `after` is away from it. */
function moveRandomly(
  weights: Float32Array,
  after: TensorData['data'],
  { holds }: ProjectionPart,
  stream: RandomStream,
): void {
  let count = 0;
  let squares = 0;
  for (let i = 0; i < weights.length; i++) {
    if (!holds(i)) continue;
    count++;
    squares += (after[i]! - weights[i]!) ** 2;
  }
  const direction = fillNormal(stream, new Float64Array(count));
  const length = Math.sqrt(direction.reduce((sum, z) => sum + z * z, 0));
  const scale = Math.sqrt(squares) / length;
  let n = 0;
  for (let i = 0; i < weights.length; i++) if (holds(i)) weights[i]! += scale * direction[n++]!;
}

/** The length of a step: the Frobenius norm of the change of all projections together. */
export async function stepNorm({ runtime, pretrained }: LoadedModel, changed: Projections): Promise<number> {
  let squares = 0;
  for (const [name, handle] of Object.entries(changed)) {
    if (handle === pretrained[name]) continue;
    // The second crosses while the first is read.
    const both = [runtime.download(pretrained[name]!), runtime.download(handle)] as const;
    const [{ data: before }, { data: after }] = await Promise.all(both);
    for (let i = 0; i < after.length; i++) squares += (after[i]! - before[i]!) ** 2;
  }
  return Math.sqrt(squares);
}
