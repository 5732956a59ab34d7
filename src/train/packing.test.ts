import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOrder, joinDocuments, packSequences } from './packing.ts';

const END = 9;
const documents = fc.array(fc.array(fc.nat(8), { maxLength: 12 }), { minLength: 1, maxLength: 6 });

describe('joinDocuments', () => {
  test('puts an end-of-text token around and between documents', () => {
    expect([...joinDocuments([[1, 2], [3]], END)]).toEqual([9, 1, 2, 9, 3, 9]);
    expect([...joinDocuments([], END)]).toEqual([9]);
  });

  test('gives the documents back when cut at that token', () => {
    fc.assert(
      fc.property(documents, all => {
        const text = [...joinDocuments(all, END)].join('');
        expect(text.slice(1, -1).split('9')).toEqual(all.map(document => document.join('')));
      }),
    );
  });
});

describe('packSequences', () => {
  test('cuts sequences that share their border token', () => {
    const sequences = packSequences(Int32Array.of(9, 1, 2, 3, 9, 4, 5, 9), 3);
    expect(sequences.length).toBe(2);
    expect([...sequences.at(0)]).toEqual([9, 1, 2, 3]);
    expect([...sequences.at(1)]).toEqual([3, 9, 4, 5]);
  });

  test('predicts every token but the first once, up to less than a sequence at the end', () => {
    fc.assert(
      fc.property(documents, fc.integer({ min: 1, max: 7 }), (all, T) => {
        const stream = joinDocuments(all, END);
        const sequences = packSequences(stream, T);
        const predicted = Array.from({ length: sequences.length }, (_, i) => [...sequences.at(i).subarray(1)]).flat();
        expect(predicted).toEqual([...stream.subarray(1, 1 + predicted.length)]);
        expect(stream.length - 1 - predicted.length).toBeLessThan(T);
      }),
    );
  });

  test('a stream that is too short gives no sequence', () => {
    expect(packSequences(Int32Array.of(9, 1), 2).length).toBe(0);
    expect(packSequences(new Int32Array(0), 2).length).toBe(0);
  });
});

describe('batchOrder', () => {
  const shapes = fc.record({
    n: fc.integer({ min: 1, max: 20 }),
    batch: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
  });

  test('sees every sequence once in each epoch, whatever the batch', () => {
    fc.assert(
      fc.property(shapes, ({ n, batch, seed }) => {
        const order = batchOrder(n, batch, seed);
        const all = Array.from({ length: 3 * n }, (_, step) => order(step)).flat();
        for (let epoch = 0; epoch < 3; epoch++) {
          expect(all.slice(epoch * n, (epoch + 1) * n).sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
        }
      }),
    );
  });

  test('is a function of seed and step, for steps in any order', () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.nat(50)), ({ n, batch, seed }, steps) => {
        const order = batchOrder(n, batch, seed);
        for (const step of steps) expect(order(step)).toEqual(batchOrder(n, batch, seed)(step));
      }),
    );
  });

  test('has another order in each epoch, and for each seed', () => {
    const order = batchOrder(100, 100, 1);
    expect(order(0)).not.toEqual(order(1));
    expect(order(0)).not.toEqual(batchOrder(100, 100, 2)(0));
  });
});
