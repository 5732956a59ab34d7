import { UserError } from '../error.ts';

const MASK_64 = (1n << 64n) - 1n;
const MASK_128 = (1n << 128n) - 1n;
const PCG_MULTIPLIER = (2549297995355413924n << 64n) + 4865540595714422341n;

/**
 * `numpy.random.default_rng(seed).permutation(n)`, exactly: SeedSequence -> PCG64 (XSL-RR 128/64)
 * -> Fisher-Yates from the end with masked rejection. `datasets.Dataset.shuffle(seed)`, and so the
 * official code, orders rows by it.
 *
 * @param seed a whole number from 0 to 2^53 - 1
 * @param n a whole number from 0 to 2^32
 * @returns the numbers 0 .. n-1 in shuffled order
 * @throws UserError when the seed is not such a number
 */
export function permutation(seed: number, n: number): number[] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UserError(`must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`, { option: 'seed', value: seed });
  }
  if (!Number.isSafeInteger(n) || n < 0 || n > 2 ** 32) {
    throw new RangeError(`permutation of ${n} numbers: the count must be a whole number from 0 to 2^32`);
  }
  const next = uint32Stream(seed);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j = (next() & mask) >>> 0;
    while (j > i) j = (next() & mask) >>> 0;
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/** PCG64 XSL-RR 128/64; each 64-bit output is used low half first. */
function uint32Stream(seed: number): () => number {
  const words = seedSequence(seed);
  const join = (i: number) => (BigInt(words[i + 1]!) << 32n) | BigInt(words[i]!);
  const initial = (join(0) << 64n) | join(2);
  const increment = ((((join(4) << 64n) | join(6)) << 1n) | 1n) & MASK_128;
  const step = (state: bigint) => (state * PCG_MULTIPLIER + increment) & MASK_128;

  let state = step((step(0n) + initial) & MASK_128);
  let high: number | undefined;
  return () => {
    if (high !== undefined) {
      const value = high;
      high = undefined;
      return value;
    }
    state = step(state);
    const folded = (state >> 64n) ^ (state & MASK_64);
    const turn = state >> 122n;
    const output = ((folded >> turn) | (folded << (-turn & 63n))) & MASK_64;
    high = Number(output >> 32n);
    return Number(output & 0xffffffffn);
  };
}

/** `numpy.random.SeedSequence(seed).generate_state(8, uint32)`. */
function seedSequence(seed: number): number[] {
  const entropy = [seed >>> 0, Math.floor(seed / 2 ** 32)];
  let constant = 0x43b0d7e5;
  const hash = (value: number) => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    const product = Math.imul(mixed, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
  const mix = (x: number, y: number) => {
    const value = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
    return (value ^ (value >>> 16)) >>> 0;
  };

  const pool = Array.from({ length: 4 }, (_, i) => hash(entropy[i] ?? 0));
  for (let source = 0; source < 4; source++) {
    for (let target = 0; target < 4; target++) {
      if (source !== target) pool[target] = mix(pool[target]!, hash(pool[source]!));
    }
  }

  let outputConstant = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, i) => {
    const mixed = pool[i % 4]! ^ outputConstant;
    outputConstant = Math.imul(outputConstant, 0x58f38ded);
    const product = Math.imul(mixed, outputConstant);
    return (product ^ (product >>> 16)) >>> 0;
  });
}
