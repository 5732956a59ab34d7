import { expect, test } from 'vitest';
import { countFlows, flowOf } from './flow.ts';

const rights = (zeroShot?: boolean, inContext?: boolean, finetuned?: boolean) => ({
  ...(zeroShot !== undefined && { 'zero-shot': { right: zeroShot } }),
  ...(inContext !== undefined && { 'in-context': { right: inContext } }),
  ...(finetuned !== undefined && { finetuned: { right: finetuned } }),
});

test.each([
  [false, true, true, 'put right by both'],
  [false, true, false, 'put right in context alone'],
  [false, false, true, 'put right by finetuning alone'],
  [false, false, false, 'wrong in all'],
  [true, true, true, 'right in all'],
  [true, false, true, 'broken in context alone'],
  [true, true, false, 'broken by finetuning alone'],
  [true, false, false, 'broken by both'],
])('%s, %s, %s: %s', (zeroShot, inContext, finetuned, words) => {
  expect(flowOf(rights(zeroShot, inContext, finetuned))).toMatchObject({
    from: zeroShot ? 'right' : 'wrong',
    to: words,
  });
});

test('with one other setting, and without zero-shot', () => {
  expect(flowOf(rights(false, true))!.to).toBe('put right');
  expect(flowOf(rights(true, undefined, false))!.to).toBe('broken');
  expect(flowOf(rights(undefined, true, true))).toBeUndefined();
  expect(flowOf(rights(true))).toBeUndefined();
});

test('every row is counted once, in a fixed order', () => {
  const flows = [rights(true, true, true), rights(false, true, true), rights(true, true, true)].map(flowOf);
  expect(countFlows(flows).map(({ to, count }) => [to, count])).toEqual([
    ['put right by both', 1],
    ['right in all', 2],
  ]);
});
