import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillUniform, randomStream } from '../statistics/random.ts';
import { simAOU, simAOURandom, simAOUUnnormalised } from './sim-aou.ts';

const f32 = (...values: number[]) => new Float32Array(values);
const gaussian = fc.integer({ min: -100, max: 100 }).map(x => x / 10);
const flat = (length: number) => fc.array(gaussian, { minLength: length, maxLength: length }).map(x => f32(...x));

test('two layers of two numbers by hand', () => {
  const example = { zeroShot: f32(1, 0, 1, 0), inContext: f32(0, 2, 2, 1), finetuned: f32(3, 3, 0, 5) };
  // Layer 0: updates (-1, 1) and (1/sqrt 2 - 1, 1/sqrt 2), 22.5 degrees apart.
  // Layer 1: updates (2/sqrt 5 - 1, 1/sqrt 5) and (-1, 1).
  const u = [2 / Math.sqrt(5) - 1, 1 / Math.sqrt(5)] as const;
  expect(simAOU(example, 2)).toBeAllClose(
    [Math.cos(Math.PI / 8), (u[1] - u[0]) / (Math.hypot(...u) * Math.SQRT2)],
    1e-12,
  );
  // Layer 0: (-1, 2).(2, 3) = 4; layer 1: (1, 1).(-1, 5) = 4.
  expect(simAOUUnnormalised(example, 2)).toBeAllClose([4 / Math.sqrt(65), 4 / Math.sqrt(52)], 1e-12);
});

test('unrelated updates of |r|^2 = 3 |z|^2 score 1/4 when normalised first, 0 when not (Deutch et al.)', () => {
  const zeroShot = f32(1, 0, 0, 0, 0, 0, 0);
  const inContext = f32(1, 1, 1, 1, 0, 0, 0);
  const finetuned = f32(1, 0, 0, 0, 1, 1, 1);
  expect(simAOU({ zeroShot, inContext, finetuned }, 1)[0]).toBeCloseTo(0.25, 14);
  expect(simAOUUnnormalised({ zeroShot, inContext, finetuned }, 1)[0]).toBe(0);
});

test('a zero update is undefined in its layer only', () => {
  const zeroShot = f32(1, 2, 1, 2);
  const inContext = f32(1, 2, 5, 6);
  const finetuned = f32(3, 1, 7, -8);
  expect(simAOU({ zeroShot, inContext, finetuned }, 2)[0]).toBeNull();
  expect(simAOU({ zeroShot, inContext, finetuned }, 2)[1]).not.toBeNull();
  expect(simAOUUnnormalised({ zeroShot, inContext: finetuned, finetuned: inContext }, 2)[0]).toBeNull();
  expect(simAOURandom({ zeroShot, inContext }, 2, 1, 0)[0]).toBeNull();
  expect(simAOURandom({ zeroShot, inContext }, 2, 1, 0)[1]).not.toBeNull();
  // Same direction, other length: no update once normalised.
  expect(simAOU({ zeroShot, inContext: zeroShot.map(x => 3 * x), finetuned }, 2)).toEqual([null, null]);
});

test('an attention output summed in another order is no update', () => {
  // One attention output twice: 500 weighted values, summed from the front and from the back.
  const [tokens, width] = [500, 64];
  const [weights, values] = [1, 2].map(path => fillUniform(randomStream(8, path), new Float64Array(tokens * width)));
  const output = (order: (t: number) => number) =>
    Float32Array.from({ length: width }, (_, i) => {
      let sum = 0;
      for (let t = 0; t < tokens; t++) {
        const at = order(t);
        sum = Math.fround(sum + Math.fround((weights![at]! / tokens) * (values![at * width + i]! - 0.3)));
      }
      return sum;
    });
  const zeroShot = output(t => t);
  const inContext = output(t => tokens - 1 - t);
  expect(inContext).not.toEqual(zeroShot);
  const finetuned = zeroShot.map((x, i) => x + (i % 2) / 1000);
  for (const example of [
    { zeroShot, inContext, finetuned },
    { zeroShot, inContext: finetuned, finetuned: inContext },
  ]) {
    expect(simAOU(example, 1)).toEqual([null]);
    expect(simAOUUnnormalised(example, 1)).toEqual([null]);
  }
  expect(simAOURandom({ zeroShot, inContext }, 1, 0, 0)).toEqual([null]);
  expect(simAOURandom({ zeroShot, inContext: finetuned }, 1, 0, 0)[0]).toBeGreaterThan(-1);
});

test('is symmetric in the two updates, bounded, and independent of scale', () => {
  fc.assert(
    fc.property(
      flat(12),
      flat(12),
      flat(12),
      fc.constantFrom(0.25, 2, 1024),
      (zeroShot, inContext, finetuned, factor) => {
        const example = { zeroShot, inContext, finetuned };
        const mirrored = { zeroShot, inContext: finetuned, finetuned: inContext };
        for (const metric of [simAOU, simAOUUnnormalised]) {
          const values = metric(example, 3);
          expect(values).toHaveLength(3);
          for (const value of values) expect(Math.abs(value ?? 0)).toBeLessThanOrEqual(1);
          expect(metric(mirrored, 3)).toEqual(values);
        }
        // The official one is blind to the length of every setting, the other to a common factor.
        const scaled = simAOU({ ...example, inContext: inContext.map(x => x * factor) }, 3);
        expect(scaled).toEqual(simAOU(example, 3));
        const all = { zeroShot, inContext, finetuned };
        for (const name of ['zeroShot', 'inContext', 'finetuned'] as const) all[name] = all[name].map(x => x * factor);
        expect(simAOUUnnormalised(all, 3)).toEqual(simAOUUnnormalised(example, 3));
        if (simAOU({ ...example, finetuned: inContext }, 3)[0] !== null) {
          expect(simAOU({ ...example, finetuned: inContext }, 3)[0]).toBeCloseTo(1, 9);
        }
      },
    ),
  );
});

test('the random baseline depends only on seed, row and layer', () => {
  const zeroShot = f32(1, 0, 0, 1, 0, 0);
  const inContext = f32(0, 1, 0, 0, 1, 0);
  const values = simAOURandom({ zeroShot, inContext }, 2, 1, 859);
  expect(simAOURandom({ zeroShot, inContext }, 2, 1, 859)).toEqual(values);
  expect(values[0]).not.toBe(values[1]);
  expect(simAOURandom({ zeroShot, inContext }, 2, 2, 859)[0]).not.toBe(values[0]);
  expect(simAOURandom({ zeroShot, inContext }, 2, 1, 860)[0]).not.toBe(values[0]);
});

test('the random baseline is drawn from [0, 1), so its mean follows the mean of the update', () => {
  const width = 64;
  const mean = (inContext: Float32Array) => {
    const zeroShot = new Float32Array(width).fill(0);
    let sum = 0;
    for (let row = 0; row < 500; row++) sum += simAOURandom({ zeroShot, inContext }, 1, 1, row)[0]!;
    return sum / 500;
  };
  // cos(1, r) -> E r / sqrt(E r^2) = (1/2) / sqrt(1/3)
  expect(mean(new Float32Array(width).fill(1))).toBeCloseTo(Math.sqrt(3) / 2, 2);
  expect(mean(Float32Array.from({ length: width }, (_, i) => (i % 2 ? 1 : -1)))).toBeCloseTo(0, 1.5);
});
