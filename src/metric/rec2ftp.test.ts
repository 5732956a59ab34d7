import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wilson } from '../statistics/wilson.ts';
import { rec2ftp } from './rec2ftp.ts';

const gold = [0, 0, 0, 1, 1, 2];
const zeroShot = [1, 1, 0, 0, 1, 0];
const inContext = [0, 1, 0, 1, 0, 0];
const finetuned = [0, 0, 1, 1, 1, 1];

const none = { low: null, high: null, why: 'there is no value' };

test('six examples by hand', () => {
  // Zero-shot is wrong on 0, 1, 3, 5; finetuning rights 0, 1, 3; in-context 0 and 3 of these.
  expect(rec2ftp({ gold, zeroShot, inContext, finetuned })).toEqual({
    value: (100 * 2) / 3,
    numerator: 2,
    denominator: 3,
    interval: { low: 100 * wilson(2, 3)!.low, high: 100 * wilson(2, 3)!.high },
  });
});

test('is null with the reason if there is nothing to recall', () => {
  expect(rec2ftp({ gold, zeroShot, inContext, finetuned: zeroShot })).toEqual({
    value: null,
    numerator: 0,
    denominator: 0,
    why: 'finetuning puts right no example that zero-shot gets wrong',
    interval: none,
  });
  expect(rec2ftp({ gold: [], zeroShot: [], inContext: [], finetuned: [] }).value).toBeNull();
  expect(rec2ftp({ gold, zeroShot, inContext })).toEqual({
    value: null,
    numerator: null,
    denominator: null,
    why: 'needs the settings zero-shot, in-context and finetuned',
    interval: none,
  });
});

test('refuses lists of different lengths', () => {
  expect(() => rec2ftp({ gold, zeroShot, inContext, finetuned: [0] })).toThrow(RangeError);
});

const label = fc.integer({ min: 0, max: 2 });
test('is in [0, 100], is 100 if in-context equals finetuning, and ignores the order of examples', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(label, label, label, label), { maxLength: 30 }), rows => {
      const predictions = (order: typeof rows) => ({
        gold: order.map(row => row[0]),
        zeroShot: order.map(row => row[1]),
        inContext: order.map(row => row[2]),
        finetuned: order.map(row => row[3]),
      });
      const all = predictions(rows);
      const result = rec2ftp(all);
      expect(rec2ftp(predictions([...rows].reverse()))).toEqual(result);
      const itself = rec2ftp({ ...all, inContext: all.finetuned });
      expect(itself.value).toBe(result.denominator === 0 ? null : 100);
      if (result.value === null) return;
      expect(result.value).toBeGreaterThanOrEqual(0);
      expect(result.value).toBeLessThanOrEqual(100);
    }),
  );
});
