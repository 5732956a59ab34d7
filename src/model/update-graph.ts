/**
 * @file One plain SGD step on key and value qkv, apart from the pass that found their gradient:
 *
 *     p <- p - rate * gradient,   of a matrix p [M, K]: gradient = left^T right, left [T, M], right [T, K]
 *
 * The engine copies every output that leaves a graph. With a few layers at a time, each set aside as soon as its successor is there, a
 * step needs one set of projections beside the pretrained, and little more.
 */
import * as g from '../graph/operators/index.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Decoder, ProjectionSpec } from './decoder.ts';
import { names } from './graphs.ts';

/** Names of what is fed and read, of the i-th parameter of a group. */
export const updateNames = {
  rate: 'rate',
  parameter: (i: number) => `${i}.parameter`,
  gradient: (i: number) => `${i}.gradient`,
  left: (i: number) => `${i}.left`,
  right: (i: number) => `${i}.right`,
  updated: (i: number) => `${i}.updated`,
} as const;

/** Bytes of projections that are updated at once: enough for small models to take one run, little beside large ones. */
const GROUP_BYTES = 64 * 2 ** 20;

/** The key and value projections in the groups that are updated together, all alike: as many layers in each. */
export function updateGroups({ projections }: Pick<Decoder, 'projections'>): readonly (readonly ProjectionSpec[])[] {
  const layerBytes = 4 * projections[0]!.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const L = projections.length;
  let together = 1;
  for (let n = 2; n <= L; n++) if (L % n === 0 && n * layerBytes <= GROUP_BYTES) together = n;
  return Array.from({ length: L / together }, (_, i) => projections.slice(i * together, (i + 1) * together).flat());
}

/** What the step of a group is fed besides the rate, from all parameters and their gradient by name. */
export function updateFeeds<Feed>(
  group: readonly ProjectionSpec[],
  parameters: Readonly<Record<string, Feed>>,
  gradient: Readonly<Record<string, Feed>>,
): Readonly<Record<string, Feed>> {
  return Object.fromEntries(
    group.flatMap(({ name, shape }, i) => [
      [updateNames.parameter(i), parameters[name]!],
      ...(shape.length === 1
        ? [[updateNames.gradient(i), gradient[names.gradient(name)]!] as const]
        : [
            [updateNames.left(i), gradient[names.left(name)]!] as const,
            [updateNames.right(i), gradient[names.right(name)]!] as const,
          ]),
    ]),
  );
}

/** The step of one group. */
export function updateGraph(decoder: Decoder): Readonly<Record<string, Tensor>> {
  const rate = input(updateNames.rate, 'float32', [1]);
  const [group] = updateGroups(decoder);
  return Object.fromEntries(group!.map(({ shape }, i) => [updateNames.updated(i), updated(i, shape, rate)]));
}

function updated(i: number, shape: readonly number[], rate: Tensor): Tensor {
  const parameter = input(updateNames.parameter(i), 'float32', shape);
  const [M, K] = shape;
  if (K === undefined) {
    return g.sub(parameter, g.mul(rate, input(updateNames.gradient(i), 'float32', shape)));
  }
  const down = g.mul(input(updateNames.left(i), 'float32', ['T', M!]), g.neg(rate));
  return g.gemm(down, input(updateNames.right(i), 'float32', ['T', K]), { transposeA: true, plus: parameter });
}
