import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillNormal, randomStream } from '../statistics/random.ts';
import { simAM, simAMDelta } from './sim-am.ts';

const f32 = (...values: number[]) => new Float32Array(values);
const scores = fc
  .array(fc.integer({ min: -50, max: 50 }), { minLength: 24, maxLength: 24 })
  .map(values => f32(...values.map(x => x / 8)));
/** L = 2, H = 3, T = 4. */
const shape = { layers: 2, heads: 3 };

test('one layer, two heads, two tokens by hand', () => {
  const inContext = f32(1, 0, 3, 4);
  const finetuned = f32(1, 1, 4, 3);
  const one = { layers: 1, heads: 2 };
  expect(simAM(inContext, finetuned, one)[0]).toBeCloseTo((Math.SQRT1_2 + 24 / 25) / 2, 14);
  // Updates from (0, 1) and (3, 3): (1, -1).(1, 0) and (0, 1).(1, 0).
  expect(simAMDelta({ zeroShot: f32(0, 1, 3, 3), inContext, finetuned }, one)[0]).toBeCloseTo(Math.SQRT1_2 / 2, 14);
});

test('reads each layer separately', () => {
  const values = simAM(f32(1, 0, 0, 1), f32(1, 0, 1, 0), { layers: 2, heads: 1 });
  expect(values).toEqual([1, 0]);
});

test('leaves a zero head out of the mean; a layer without any other is undefined', () => {
  const two = { layers: 1, heads: 2 };
  expect(simAM(f32(0, 0, 3, 4), f32(1, 1, 4, 3), two)[0]).toBeCloseTo(24 / 25, 14);
  expect(simAM(f32(0, 0, 0, 0), f32(1, 1, 4, 3), two)).toEqual([null]);
  const zeroShot = f32(0, 0, 3, 4);
  expect(simAMDelta({ zeroShot, inContext: f32(1, 0, 3, 4), finetuned: f32(1, 1, 9, 9) }, two)[0]).toBeCloseTo(
    Math.SQRT1_2,
    14,
  );
  expect(simAMDelta({ zeroShot, inContext: zeroShot, finetuned: f32(1, 1, 9, 9) }, two)).toEqual([null]);
});

/**
 * Scores of layer 0 as float32 has them: query and key from the embeddings alone, turned by rotary
 * angles of their positions, so that in arithmetic without rounding a score depends on the distance
 * of the two positions only.
 */
function rotaryScores(past: number, { heads, tokens }: { heads: number; tokens: number }): Float32Array {
  const half = 32;
  const turned = (vector: Float64Array, position: number) => {
    const out = new Float32Array(2 * half);
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * Math.fround(1e4 ** (-i / half)));
      const [c, s] = [Math.fround(Math.cos(angle)), Math.fround(Math.sin(angle))];
      const [a, b] = [Math.fround(vector[i]!), Math.fround(vector[i + half]!)];
      out[i] = Math.fround(Math.fround(a * c) - Math.fround(b * s));
      out[i + half] = Math.fround(Math.fround(b * c) + Math.fround(a * s));
    }
    return out;
  };
  const random = (...path: number[]) => fillNormal(randomStream(5, ...path), new Float64Array(2 * half));
  return Float32Array.from({ length: heads * tokens }, (_, i) => {
    const [head, token] = [Math.floor(i / tokens), i % tokens];
    const query = turned(random(head, 0), past + tokens - 1);
    const key = turned(random(head, 1 + token), past + token);
    return query.reduce((sum, q, j) => Math.fround(sum + Math.fround(q * key[j]!)), 0) / 8;
  });
}

test('in layer 0 with rotary positions, demonstrations change scores only by rounding: no update', () => {
  const of = { heads: 4, tokens: 20 };
  const zeroShot = rotaryScores(1, of);
  const inContext = rotaryScores(1501, of);
  // Finetuning moves keys, and with them scores, by a thousandth.
  const noise = fillNormal(randomStream(6), new Float64Array(zeroShot.length));
  const finetuned = zeroShot.map((x, i) => x + 1e-3 * noise[i]!);
  const moved = inContext.map((x, i) => x - zeroShot[i]!);
  expect(moved.some(x => x !== 0)).toBe(true);
  const one = { layers: 1, heads: of.heads };
  expect(simAMDelta({ zeroShot, inContext, finetuned }, one)).toEqual([null]);
  expect(simAMDelta({ zeroShot, inContext: finetuned, finetuned: inContext }, one)).toEqual([null]);
  expect(simAMDelta({ zeroShot, inContext: finetuned, finetuned }, one)[0]).toBeCloseTo(1, 9);
});

test('is symmetric, bounded, and independent of scale and of the order of heads', () => {
  fc.assert(
    fc.property(scores, scores, scores, (a, b, zeroShot) => {
      const values = simAM(a, b, shape);
      expect(simAM(b, a, shape)).toEqual(values);
      expect(
        simAM(
          a.map(x => x * 4),
          b,
          shape,
        ),
      ).toEqual(values);
      for (const value of values) expect(Math.abs(value ?? 0)).toBeLessThanOrEqual(1);
      const delta = simAMDelta({ zeroShot, inContext: a, finetuned: b }, shape);
      expect(simAMDelta({ zeroShot, inContext: b, finetuned: a }, shape)).toEqual(delta);
      const swapped = (x: Float32Array) => f32(...x.subarray(4, 8), ...x.subarray(0, 4), ...x.subarray(8));
      expect(simAM(swapped(a), swapped(b), shape)).toEqual(values.map(v => (v === null ? v : expect.closeTo(v, 12))));
    }),
  );
});

test('is 1 for a setting and itself, and for equal updates', () => {
  fc.assert(
    fc.property(scores, scores, (a, zeroShot) => {
      for (const value of simAM(a, a, shape)) if (value !== null) expect(value).toBeCloseTo(1, 12);
      const delta = simAMDelta({ zeroShot, inContext: a, finetuned: a }, shape);
      for (const value of delta) if (value !== null) expect(value).toBeCloseTo(1, 12);
    }),
  );
});
