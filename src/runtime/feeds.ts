import { describeShape } from './protocol.ts';

/**
 * An input of a session. In its shape a number is a fixed dimension, a string a named dynamic one.
 */
export interface Expected {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/**
 * What is wrong with the feeds of a session: a missing or unknown name, a wrong type, or a
 * dimension that differs from the fixed one or from another with the same name. Undefined when they
 * are right.
 */
export function misfit(
  inputs: readonly Expected[],
  feeds: Readonly<Record<string, { readonly type: string; readonly dims: readonly number[] }>>,
): string | undefined {
  const known = new Set(inputs.map(input => input.name));
  const unknown = Object.keys(feeds).find(name => !known.has(name));
  if (unknown !== undefined) return `there is no input ${unknown}; inputs are ${[...known].join(', ')}`;
  const bound = new Map<string, { readonly size: number; readonly by: string }>();
  for (const { name, type, shape } of inputs) {
    const feed = feeds[name];
    if (feed === undefined) return `input ${name} ${describeShape({ type, dims: shape })} is missing`;
    const fits =
      feed.type === type &&
      feed.dims.length === shape.length &&
      shape.every((dim, i) => typeof dim === 'string' || dim === feed.dims[i]);
    if (!fits) return `input ${name} is ${describeShape({ type, dims: shape })}, fed was ${describeShape(feed)}`;
    for (const [i, dim] of shape.entries()) {
      // A dimension that is dynamic and has no name binds nothing.
      if (typeof dim !== 'string' || dim === '') continue;
      const size = feed.dims[i]!;
      const earlier = bound.get(dim);
      if (earlier === undefined) bound.set(dim, { size, by: name });
      else if (earlier.size !== size) {
        return `dimension ${dim} is ${earlier.size} in ${earlier.by} and ${size} in ${name}`;
      }
    }
  }
  return undefined;
}
