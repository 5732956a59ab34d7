import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bounds } from './reference/golden.ts';

const gradient = Array.from({ length: 64 }, (_, i) => 0.003 * Math.SQRT2 * Math.sin(i));

test('refuses an error of 3 % of a small gradient, which an absolute 1e-4 accepts', () => {
  const wrong = gradient.with(7, gradient[7]! + 0.03 * 0.003);
  expect(wrong).toBeAllClose(gradient, 1e-4);
  expect(() => expect(wrong).toBeRelativelyClose(gradient, bounds.gradient)).toThrow(
    /largest difference 0\.0[23]\d+ of/,
  );
});

test('the relative matcher checks lengths, NaN and tensors of zeros', () => {
  const close = (actual: readonly number[], expected: readonly number[]) => () =>
    expect(actual).toBeRelativelyClose(expected, 1e-5);
  close(gradient, gradient)();
  close([Number.NaN, 1], [Number.NaN, 1 + 9e-6])();
  expect(close([1], [1, 1])).toThrow('lengths differ');
  expect(close([Number.NaN, 1], [0, 1])).toThrow('largest difference Infinity');
  expect(close([0, 1], [Number.NaN, 1])).toThrow('largest difference Infinity');
  close([0, 0], [0, 0])();
  expect(close([0, 1e-30], [0, 0])).toThrow('largest difference Infinity');
});

test('README.md and docs/models.md state the bounds of the golden tests', async () => {
  const page = async (name: string) =>
    (await readFile(new URL(`../${name}`, import.meta.url), 'utf8')).replace(/\s+/g, ' ');
  const [, forward, gradients] = /more than (0\.0*\d+) of its .*? a gradient more than (0\.0*\d+)\./.exec(
    await page('README.md'),
  )!;
  expect([Number(forward), Number(gradients)]).toEqual([bounds.forward, bounds.gradient]);
  const models = /more than (\S+) for these and for losses, (\S+) for gradients, and (\S+) for weights/.exec(
    await page('docs/models.md'),
  )!;
  expect(models.slice(1).map(Number)).toEqual([bounds.forward, bounds.gradient, bounds.weight]);
});
