import type { LoadedModel, Projections } from '../model/loaded-model.ts';
import type { TensorData } from '../runtime/runtime.ts';
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
    // All are asked for at once: what the caller asks for next is computed while numbers are drawn.
    const crossing = model.decoder.projections.flat().map(({ name }) => {
      return Promise.all([name, runtime.download(pretrained[name]!), runtime.download(changed[name]!)]);
    });
    const moved: { readonly name: string; readonly dims: readonly number[]; readonly data: Float32Array }[] = [];
    for (const [name, { dims, data: before }, { data: after }] of await Promise.all(crossing)) {
      const data = Float32Array.from(before);
      for (const part of parts) {
        if (part.tensor.name === name) moveRandomly(data, after, part, streamOf(part.index));
      }
      moved.push({ name, dims, data });
      await answersArrive();
    }
    const uploads = moved.map(({ name, ...tensor }) => runtime.upload(name, { type: 'float32', ...tensor }));
    const handles = await Promise.all(uploads);
    return Object.fromEntries(handles.map(handle => [handle.name, handle]));
  });
}

/** Lets answers to other requests in. */
function answersArrive(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve));
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
  const moved = Object.entries(changed).filter(([name, handle]) => handle !== pretrained[name]);
  return Math.sqrt(await runtime.squaredDistance(moved.map(([name, handle]) => [handle, pretrained[name]!])));
}
