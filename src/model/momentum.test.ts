import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret, value } from '../../test/reference/interpreter.ts';
import { UserError } from '../error.ts';
import { constant, input } from '../graph/tensor.ts';
import { readDecoder } from './families/index.ts';
import { baseFamily, configWithMomentum, ownDecay, prefixMomentum } from './momentum.ts';

const gpt2 = { model_type: 'gpt2', vocab_size: 7, n_positions: 8, n_embd: 8, n_layer: 2, n_head: 4 };

/** m_1 = 0, m_t = eta (m_{t-1} + v_{t-1}): what precedes each of the values. */
function recurrence(eta: number, values: readonly number[]): number[] {
  const sums = [0];
  for (const v of values) sums.push(eta * (sums.at(-1)! + v));
  return sums.slice(0, -1);
}

const finite = fc.double({ min: -3, max: 3, noNaN: true });

describe('the moving sum of values', () => {
  const decoder = { ...readDecoder(gpt2, 'test'), heads: 2, keyValueHeads: 1, headDim: 1 };

  test('is the recurrence over all tokens, without and with a prefix', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 1, maxLength: 6 }),
        fc.array(finite, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (before, own, ...etas) => {
          const [P, T] = [before.length, own.length];
          const logEta = constant(etas.map(Math.log));
          const positions = input('positions', 'int32', ['T']);
          const prefix = {
            positions: input('prefix.positions', 'int32', ['P']),
            value: input('prefix.value', 'float32', [1, 'P', 1]),
          };
          const [decay, gathered] = interpret(
            [ownDecay(decoder, logEta, positions), prefixMomentum(decoder, { logEta, positions }, positions, prefix)],
            {
              positions: value(
                [T],
                own.map((_, t) => P + t),
              ),
              'prefix.positions': value(
                [P],
                before.map((_, p) => p),
              ),
              'prefix.value': value([1, P, 1], before),
            },
          );
          etas.forEach((eta, head) => {
            const sums = own.map((_, t) => {
              const row = own.map((v, i) => v * decay!.data[(t * 2 + head) * T + i]!);
              return row.reduce((a, b) => a + b, 0) + gathered!.data[t * 2 + head]!;
            });
            expect(sums).toBeAllClose(recurrence(eta, [...before, ...own]).slice(P), 1e-9);
          });
        },
      ),
    );
  });

  test('is zero for eta = 0', () => {
    const positions = input('positions', 'int32', ['T']);
    const [decay] = interpret([ownDecay(decoder, constant([-1e7, Math.log(0.5)]), positions)], {
      positions: value([3], [4, 5, 6]),
    });
    const head = (h: number) => decay!.data.filter((_, i) => Math.floor(i / 3) % 2 === h);
    expect([...head(0)]).toEqual(Array(9).fill(0));
    expect([...head(1)]).toBeAllClose([0, 0, 0, 0.5, 0, 0, 0.25, 0.5, 0], 1e-12);
  });
});

describe('the configuration', () => {
  const etaOf = (momentum: unknown) => {
    const decoder = readDecoder({ ...gpt2, model_type: 'momentum', base_model_type: 'gpt2', momentum }, 'here');
    const fed = { tensor: () => input('logit', 'float32', [4]) };
    const tensors = [0, 1].map(layer => decoder.momentum?.(fed as never, layer));
    return tensors.map(
      tensor => tensor && Array.from(interpret([tensor], { logit: value([4], [-900, 0, 2, 900]) })[0]!.data, Math.exp),
    );
  };

  test('gives one eta, one per layer, one per head, or learned', () => {
    expect(etaOf(0.25).flat()).toBeAllClose(Array(8).fill(0.25), 1e-12);
    expect(etaOf([0, 0.5])).toEqual([undefined, [0.5, 0.5, 0.5, 0.5]]);
    expect(
      etaOf([
        [0, 0, 0, 0.5],
        [0, 0, 0, 0],
      ]),
    ).toEqual([[0, 0, 0, 0.5], undefined]);
    expect(etaOf('learned')[0]).toBeAllClose([0, 0.5, 1 / (1 + Math.exp(-2)), 1], 1e-12);
  });

  test('keeps the base family, and the last momentum counts', () => {
    const twice = configWithMomentum(configWithMomentum(gpt2, 0.1), 0.3);
    expect(baseFamily(twice)).toBe('gpt2');
    expect(twice).toEqual({ ...gpt2, model_type: 'momentum', base_model_type: 'gpt2', momentum: 0.3 });
    expect(readDecoder(twice, 'here').family).toBe('momentum_gpt2');
    expect(readDecoder(gpt2, 'here').momentum).toBeUndefined();
  });

  test.each([1, -0.1, Number.NaN, '0.5', [0.1], [0.1, 0.2, 0.3], [[0.1], [0.2]], undefined, {}])(
    'refuses momentum %j',
    momentum => {
      expect(() => etaOf(momentum)).toThrow(UserError);
      expect(() => etaOf(momentum)).toThrow(/^here: momentum/);
    },
  );
});
