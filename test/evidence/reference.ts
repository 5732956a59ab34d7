/**
 * @file Plain, slow definitions of the numbers of the evidence study: each is computed from the
 * vectors of the seeds and rows that are left.
 */
import type { ArmOutputs, ArmPair, NullMask, OutputShape } from '../../src/metric/arm-outputs.ts';
import type { Variation } from '../../src/metric/shared-variation.ts';
import { fillNormal, randomStream } from '../../src/statistics/random.ts';

type Vector = readonly number[];
/** vectors[d][i] of one layer. */
type Table = readonly (readonly Vector[])[];

export const plus = (a: Vector, b: Vector) => a.map((x, k) => x + b[k]!);
export const minus = (a: Vector, b: Vector) => a.map((x, k) => x - b[k]!);
export const times = (a: Vector, by: number) => a.map(x => by * x);
export const dot = (a: Vector, b: Vector) => a.reduce((sum, x, k) => sum + x * b[k]!, 0);
export const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
export const meanVector = (vectors: readonly Vector[]) => times(vectors.reduce(plus), 1 / vectors.length);
const total = (table: Table, other: Table) =>
  table.reduce((sum, line, d) => sum + line.reduce((inner, x, i) => inner + dot(x, other[d]![i]!), 0), 0);

export function vectorOf(arm: ArmOutputs, { layers, hiddenSize: D }: OutputShape, row: number, layer: number): Vector {
  const at = (row * layers + layer) * D;
  return Array.from(arm.subarray(at, at + D));
}

/** Seeds and rows that are left. */
export interface Left {
  readonly seeds: readonly number[];
  readonly rows: readonly number[];
}

export const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** All, without each seed, and without each of the rows that count. */
export function leftOut(S: number, rows: readonly number[], allRows: readonly number[] = rows) {
  const seeds = range(S);
  return {
    all: { seeds, rows: allRows },
    seeds: seeds.map(d => ({ seeds: seeds.filter(other => other !== d), rows: allRows })),
    rows: rows.map(i => ({ seeds, rows: allRows.filter(other => other !== i) })),
  };
}

/** û or v̂ of one layer. */
function moved(kind: Variation['kind'], table: Table, zeroShot: Table): Table {
  if (kind === 'change') return table;
  if (kind === 'demonstrations') {
    return table.map(line => line.map((x, i) => minus(x, meanVector(table.map(other => other[i]!)))));
  }
  const centred = (of: Table) => of.map(line => line.map(x => minus(x, meanVector(line))));
  const [u, z] = [centred(table), centred(zeroShot)];
  const size = total(z, z);
  const share = size > 0 ? total(u, z) / size : 0;
  return u.map((line, d) => line.map((x, i) => minus(x, times(z[d]![i]!, share))));
}

/**
 * Mean over layers of f; null where a layer has no value; layers that have none with all seeds and
 * rows are left out.
 */
function overLayers(
  { rows, layers }: OutputShape,
  S: number,
  mask: NullMask,
  left: Left,
  f: (layer: number, left: Left) => number | null,
): number | null {
  const kept = (of: readonly number[], layer: number) => of.filter(row => mask[row * layers + layer] === 0);
  const values = range(layers)
    .filter(layer => {
      const all = kept(range(rows), layer);
      return all.length > 0 && f(layer, { seeds: range(S), rows: all }) !== null;
    })
    .map(layer => f(layer, { seeds: left.seeds, rows: kept(left.rows, layer) }));
  return values.length === 0 || values.includes(null) ? null : mean(values as number[]);
}

export function sharedVariation(
  kind: Variation['kind'],
  shape: OutputShape,
  pairs: readonly ArmPair[],
  changed: readonly Pick<ArmPair, 'first' | 'second'>[] | undefined,
  mask: NullMask,
  of: Left,
): number | null {
  return overLayers(shape, pairs.length, mask, of, (layer, { seeds, rows }) => {
    const table = (one: 'first' | 'second') =>
      seeds.map(d =>
        rows.map(row =>
          minus(
            vectorOf(pairs[d]![one], shape, row, layer),
            vectorOf(changed?.[d]?.[one] ?? pairs[d]!.zeroShot, shape, row, layer),
          ),
        ),
      );
    if (rows.length === 0) return null;
    const zeroShot = seeds.map(d => rows.map(row => vectorOf(pairs[d]!.zeroShot, shape, row, layer)));
    const [u, v] = [moved(kind, table('first'), zeroShot), moved(kind, table('second'), zeroShot)];
    const [uu, vv] = [total(u, u), total(v, v)];
    return uu < 1e-10 || vv < 1e-10 ? null : total(u, v) / Math.sqrt(uu * vv);
  });
}

/** The parts of P of one layer, of `ofFirst` and of `ofSecond`. */
export function parts(
  shape: OutputShape,
  pairs: readonly ArmPair[],
  mask: NullMask,
  of: Left,
  name: 'generic' | 'demonstration' | 'query' | 'interaction' | 'total',
  side: 'both' | 'first' | 'second' = 'both',
): number | null {
  return overLayers(shape, pairs.length, mask, of, (layer, { seeds, rows }) => {
    const table = (one: 'first' | 'second') =>
      seeds.map(d =>
        rows.map(row =>
          minus(vectorOf(pairs[d]![one], shape, row, layer), vectorOf(pairs[d]!.zeroShot, shape, row, layer)),
        ),
      );
    const part = (x: Table): Table => {
      const grand = meanVector(x.flat());
      const seed = x.map(line => minus(meanVector(line), grand));
      const row = rows.map((_, i) => minus(meanVector(x.map(line => line[i]!)), grand));
      return x.map((line, d) =>
        line.map((y, i) => {
          if (name === 'total') return y;
          if (name === 'generic') return grand;
          if (name === 'demonstration') return seed[d]!;
          if (name === 'query') return row[i]!;
          return minus(minus(minus(y, grand), seed[d]!), row[i]!);
        }),
      );
    };
    const [first, second] = [table('first'), table('second')];
    const [u, v] = side === 'both' ? [first, second] : side === 'first' ? [first, first] : [second, second];
    return total(part(u), part(v)) / Math.sqrt(total(u, u) * total(v, v));
  });
}

export function explained(
  shape: OutputShape,
  pairs: readonly ArmPair[],
  mask: NullMask,
  of: Left,
  by: 'constant' | 'finetuning',
): number | null {
  return overLayers(shape, pairs.length, mask, of, (layer, { seeds, rows }) =>
    mean(
      seeds.map(d => {
        const update = (side: 'first' | 'second') =>
          rows.map(row =>
            minus(vectorOf(pairs[d]![side], shape, row, layer), vectorOf(pairs[d]!.zeroShot, shape, row, layer)),
          );
        const [u, v] = [update('first'), update('second')];
        const rest = u.map((x, i) => {
          const others = range(u.length).filter(j => j !== i);
          const a =
            others.reduce((sum, j) => sum + dot(u[j]!, v[j]!), 0) /
            others.reduce((sum, j) => sum + dot(v[j]!, v[j]!), 0);
          const by_ = by === 'constant' ? meanVector(others.map(j => u[j]!)) : times(v[i]!, a);
          const difference = minus(x, by_);
          return dot(difference, difference);
        });
        return 1 - rest.reduce((sum, x) => sum + x, 0) / u.reduce((sum, x) => sum + dot(x, x), 0);
      }),
    ),
  );
}

/**
 * A study of random vectors; `shared` of what the demonstrations move in context moves finetuning
 * too.
 */
export function randomStudy(
  shape: OutputShape,
  S: number,
  path: readonly number[],
  { shared = 0.5, base = 1 }: { readonly shared?: number; readonly base?: number } = {},
) {
  const size = shape.rows * shape.layers * shape.hiddenSize;
  let drawn = 0;
  const normal = () => fillNormal(randomStream(31, ...path, drawn++), new Float32Array(size));
  const zeroShot = normal().map(x => base * x);
  const [common, other] = [normal(), normal()];
  const pairs: ArmPair[] = range(S).map(() => {
    const [own, noise] = [normal(), normal()];
    return {
      zeroShot,
      first: zeroShot.map((x, k) => 0.7 * x + common[k]! + own[k]!),
      second: zeroShot.map((x, k) => 0.9 * x + 0.5 * common[k]! + other[k]! + shared * own[k]! + noise[k]!),
    };
  });
  return { shape, zeroShot, pairs, normal };
}

/** An arm with the outputs of another in one row and layer. */
export function withRow(
  arm: ArmOutputs,
  { layers, hiddenSize: D }: OutputShape,
  row: number,
  layer: number,
  from: ArmOutputs,
) {
  const at = (row * layers + layer) * D;
  const changed = Float32Array.from(arm);
  changed.set(from.subarray(at, at + D), at);
  return changed;
}
