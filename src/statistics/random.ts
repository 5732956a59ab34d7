import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A seeded stream of random 32-bit integers. */
export type RandomStream = RandomGenerator;

/** Finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A separate random stream for each list of integers (seed, row id, layer, ...). The same list
 * gives the same stream on every machine and in every order of calls. Integers up to 2^53, negative
 * ones too.
 */
export function randomStream(...path: readonly number[]): RandomStream {
  // Four separately hashed lanes: neighbouring paths neither share nor shift the 128 bits of state.
  const state = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344].map(lane => {
    let h = lane;
    for (const part of path) {
      h = mix(h ^ mix(part | 0)) + 0x9e3779b9;
      h = mix(h ^ mix(Math.floor(part / 0x1_0000_0000))) + 0x7f4a7c15;
    }
    return mix(h);
  });
  return xoroshiro128plusFromState(state);
}

/** A uniform number on [0, 1) with 32 random bits. */
export function uniform(stream: RandomStream): number {
  return (stream.next() >>> 0) * 2 ** -32;
}

/** Fills `target` with uniform numbers on [0, 1), and returns it. */
export function fillUniform(stream: RandomStream, target: Float64Array): Float64Array {
  for (let i = 0; i < target.length; i++) target[i] = uniform(stream);
  return target;
}

/** Fills `target` with standard normal numbers (Box and Muller, 1958), and returns it. */
export function fillNormal<T extends Float64Array | Float32Array>(stream: RandomStream, target: T): T {
  for (let i = 0; i < target.length; i += 2) {
    // 1 - u is in (0, 1]: its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform(stream)));
    const angle = 2 * Math.PI * uniform(stream);
    target[i] = radius * Math.cos(angle);
    if (i + 1 < target.length) target[i + 1] = radius * Math.sin(angle);
  }
  return target;
}

/** A whole number from 0 to below `n`, unbiased to n / 2^32. */
export function below(stream: RandomStream, n: number): number {
  return Math.floor(uniform(stream) * n);
}

/**
 * `count` different whole numbers from 0 to below `n`, in random order: the beginning of a
 * Fisher-Yates shuffle.
 */
export function chooseDistinct(stream: RandomStream, count: number, n: number): number[] {
  if (count > n) throw new RangeError(`chooseDistinct: ${count} of ${n}`);
  const all = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const other = i + below(stream, n - i);
    [all[i], all[other]] = [all[other]!, all[i]!];
  }
  return all.slice(0, count);
}
