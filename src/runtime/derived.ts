import type { TensorData } from './protocol.ts';

/** How the values of a float32 input [N, columns] follow from those of an int32 input [N]. */
export interface DerivedInput {
  readonly from: string;
  readonly rows: (values: Int32Array) => Float32Array;
}

type Derived = Readonly<Record<string, DerivedInput>>;

/** The inputs that a caller feeds: in place of derived ones, what they follow from. */
export function fedByCaller(inputs: readonly string[], derived: Derived): string[] {
  return [...new Set(inputs.map(name => derived[name]?.from ?? name))];
}

/**
 * The feeds of the graph itself.
 *
 * @param inputs of the graph
 */
export function withDerived<F extends object>(
  session: string,
  inputs: readonly string[],
  derived: Derived,
  feeds: Readonly<Record<string, F | TensorData>>,
): Readonly<Record<string, F | TensorData>> {
  const needed = Object.entries(derived).filter(([name]) => inputs.includes(name));
  if (needed.length === 0) return feeds;
  const all = { ...feeds };
  for (const [name, { from, rows }] of needed) {
    const source = feeds[from];
    // A missing feed is reported with all others.
    if (source === undefined) continue;
    if (!('data' in source) || source.type !== 'int32') {
      throw new Error(`session ${session}: ${name} follows from ${from}, which must be fed as int32 numbers`);
    }
    const data = rows(source.data);
    all[name] = { type: 'float32', dims: [source.data.length, data.length / source.data.length], data };
  }
  for (const [, { from }] of needed) if (!inputs.includes(from)) delete all[from];
  return all;
}
