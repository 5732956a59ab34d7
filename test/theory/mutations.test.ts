/** @file Every check of `src/theory/` fails if its formula is wrong. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../src/theory/check.ts';
import {
  checkAttentionHead,
  checkImplicitUpdate,
  checkInContextRegression,
  checkLinearLayer,
  checkSoftmaxKernel,
} from '../../src/theory/index.ts';

const folder = fileURLToPath(new URL('../../src/theory/', import.meta.url));
const statistics = pathToFileURL(join(folder, '../statistics/')).href;

/** A wrong change of a file, and a part of each claim that must fail with it. */
interface Mutation {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly fails: readonly string[];
}

const chapters: Readonly<
  Record<string, { readonly check: (seed: number) => readonly Check[]; readonly mutations: readonly Mutation[] }>
> = {
  'linear-layer.ts': {
    check: checkLinearLayer,
    mutations: [
      {
        what: 'a step is a thousandth longer than its error signal',
        from: 'weights.push(sum(current, outer(error, input)));',
        to: 'weights.push(sum(current, outer(error, input), 1.001));',
        fails: ['eq. 7-9'],
      },
      {
        what: 'the last step of momentum is not discounted',
        from: 'eta ** (t - (i + 1))',
        to: 'eta ** (t - (i + 2))',
        fails: ['eq. 14'],
      },
      {
        what: 'the sum of momentum terms lacks eta / (1 - eta)',
        from: '(eta * (1 - eta ** (count - i))) / (1 - eta)',
        to: '1 - eta ** (count - i)',
        fails: ['weighted error signals'],
      },
      {
        what: 'the decay is that of 1 - eta',
        from: 'i < t ? eta ** (t - i)',
        to: 'i < t ? (1 - eta) ** (t - i)',
        fails: ['eq. 15'],
      },
    ],
  },
  'attention-head.ts': {
    check: checkAttentionHead,
    mutations: [
      {
        what: 'the map is sum_i k_i v_i^T',
        from: 'sumOfOuterProducts(values, keys)',
        to: 'sumOfOuterProducts(keys, values)',
        fails: ['eq. 10-13', 'W_zsl = W_V'],
      },
      {
        what: 'dW_ft has the wrong sign',
        from: 'sum(mapOf(after), mapOf(before), -1)',
        to: 'sum(mapOf(before), mapOf(after), -1)',
        fails: ['dW_ft multiplied out in dW_K and dW_V = map'],
      },
      {
        what: 'the term of second order is left out',
        from: ', sandwich(dV, dK)]',
        to: ']',
        fails: ['head with changed projections', 'dW_ft multiplied out in dW_K and dW_V = map'],
      },
      { what: 'the scale is left out', from: 'score => scale * score', to: 'score => score', fails: ['eq. 10) ='] },
      { what: 'weights do not sum to one', from: 'power => power / total', to: 'power => power', fails: ['eq. 10) ='] },
      {
        what: 'all weights are equal',
        from: 'power => power / total',
        to: '() => 1 / powers.length',
        fails: ['eq. 10) ='],
      },
    ],
  },
  'in-context-regression.ts': {
    check: checkInContextRegression,
    mutations: [
      {
        what: 'W_K is not transposed',
        from: 'product(transposed(W.key), W.query)',
        to: 'product(W.key, W.query)',
        fails: ['of any W_Q'],
      },
      {
        what: 'P is applied after W_V',
        from: 'product(W.projection, W.value)',
        to: 'product(W.value, W.projection)',
        fails: ['of any W_Q'],
      },
      {
        what: 'the constructed layer lacks 1/n',
        from: '-rate / examples)',
        to: '-rate)',
        fails: ['2, 5 and 10 layers', 'GD++'],
      },
      {
        what: 'a step of gradient descent lacks 1/n',
        from: '-rate / inputs.length',
        to: '-rate',
        fails: ['proposition 1', '2, 5 and 10 layers'],
      },
      { what: 'the inputs move the other way', from: '-curvature / n)', to: 'curvature / n)', fails: ['GD++'] },
      {
        what: 'the inputs of an example are taken to be one more',
        from: '1 / 5 + (width - 1) / 9',
        to: '1 / 5 + width / 9',
        fails: ['best rate of one step'],
      },
    ],
  },
  'implicit-update.ts': {
    check: checkImplicitUpdate,
    mutations: [
      {
        what: 'the update reads z in place of z_0',
        from: '1 / dot(z0, z0)), right: z0 }',
        to: '1 / dot(z0, z)), right: z }',
        fails: ['smallest change'],
      },
      {
        what: 'the update lacks 1 / |z_0|^2',
        from: '1 / dot(z0, z0)), right: z0',
        to: '1), right: z0',
        fails: ['theorem 2.2', 'RMSNorm'],
      },
      {
        what: 'the bias does not change',
        from: 'bias: plus(block.bias, bias)',
        to: 'bias: block.bias',
        fails: ['theorem 2.2', 'RMSNorm'],
      },
      {
        what: 'the norm is left out',
        from: '[normalise(without), normalise(within)]',
        to: '[without, within]',
        fails: ['RMSNorm'],
      },
      {
        what: 'a step climbs',
        from: 'sum(weights, gradient, -1 / dot(without, without))',
        to: 'sum(weights, gradient, 1 / dot(without, without))',
        fails: ['one context token more'],
      },
    ],
  },
  'softmax-kernel.ts': {
    check: checkSoftmaxKernel,
    mutations: [
      {
        what: 'products of order r are divided by r!, not by its root',
        from: 'entry) / Math.sqrt(r)',
        to: 'entry) / r',
        fails: ['kernel of the Taylor features', 'attention with that kernel', 'order 12'],
      },
      {
        what: 'the normaliser is left out',
        from: '1 / dot(normaliser, q)',
        to: '1',
        fails: ['that kernel', 'order 12'],
      },
      {
        what: 'the values are not centred',
        from: 'minus(row(values, i), mean)',
        to: 'row(values, i)',
        fails: ['first order =', 'error of first order'],
      },
      {
        what: 'the scores are not centred',
        from: 'scale * (score - mean)',
        to: 'scale * score',
        fails: ['first order ='],
      },
      {
        what: 'the first demonstration has no share',
        from: 'weights.subarray(0, first',
        to: 'weights.subarray(1, first',
        fails: ['two softmaxes'],
      },
    ],
  },
};

let mutated: string;
beforeAll(async () => {
  mutated = await mkdtemp(join(tmpdir(), 'dualform-mutations-'));
});
afterAll(() => rm(mutated, { recursive: true, force: true }));

describe.each(Object.entries(chapters))('%s', (file, { check, mutations }) => {
  test.each(mutations)('$what', async ({ what, from, to, fails }) => {
    const checks = await checksOf(file, check.name, { from, to }, `${file}-${what.replaceAll(/\W+/g, '-')}`);
    expect(checks.map(({ claim }) => claim)).toEqual(check(1).map(({ claim }) => claim));
    const failed = checks.filter(({ passed }) => !passed).map(({ claim }) => claim);
    for (const part of fails) expect(failed).toContainEqual(expect.stringContaining(part));
  });

  test('each check has a mutation that makes it fail', () => {
    const parts = mutations.flatMap(({ fails }) => fails);
    const safe = check(1).filter(({ claim }) => !parts.some(part => claim.includes(part)));
    expect(safe.map(({ claim }) => claim)).toEqual([]);
  });
});

/** The checks of a copy of `src/theory/` in which one file differs. */
async function checksOf(
  file: string,
  check: string,
  { from, to }: Pick<Mutation, 'from' | 'to'>,
  name: string,
): Promise<readonly Check[]> {
  const copy = await mkdtemp(join(mutated, `${name.slice(0, 40)}-`));
  for (const each of (await readdir(folder)).filter(entry => !entry.endsWith('.test.ts'))) {
    const text = (await readFile(join(folder, each), 'utf8')).replaceAll("'../statistics/", `'${statistics}`);
    if (each === file) expect(text.split(from).length, `"${from}" in ${file}`).toBe(2);
    await writeFile(join(copy, each), each === file ? text.replace(from, to) : text);
  }
  const module = await import(/* @vite-ignore */ pathToFileURL(join(copy, file)).href);
  return module[check](1);
}
