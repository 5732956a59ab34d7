import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { permutation } from './permutation.ts';

const numbers = (text: string) => text.split(' ').map(Number);

// numpy.random.default_rng(seed).permutation(n): the demonstrations of the paper's seeds (its table
// 9).
const demonstrations = [
  {
    task: 'sst2 1.3B',
    seed: 2,
    n: 67_349,
    first:
      '29199 21524 12250 29268 48181 9569 66568 26367 17020 23260 16918 29052 48353 17437 16722 31257 18347 28310 9831 35854 44302 23431 39323 47795 55993 12517 44268 41423 35539 46197 49680 41635',
  },
  {
    task: 'sst2 2.7B',
    seed: 7,
    n: 67_349,
    first:
      '30798 62944 11874 20240 14926 24492 1968 42658 6237 15159 26971 3275 49068 63069 64844 57800 60728 34764 6744 384 5282 36987 31221 4945 11251 49681 35626 21560 26270 34730 38231 11307',
  },
  {
    task: 'sst5',
    seed: 5,
    n: 8_544,
    first:
      '7262 7622 2051 7944 2924 5138 1255 237 5111 7796 3211 4515 460 8140 1697 3095 5685 1634 1496 339 8214 5756 8299 1726 896 7934 3539 5396 6278 3710 6327 5784',
  },
  {
    task: 'mr 1.3B',
    seed: 5,
    n: 8_530,
    first:
      '6683 1463 3429 4905 1727 6444 7194 2471 2494 3819 2047 2825 8193 368 1088 4158 5111 5308 6289 7727 5555 8135 5703 896 1764 569 4288 3941 4731 1500 1805 5751',
  },
  {
    task: 'mr 2.7B',
    seed: 1,
    n: 8_530,
    first:
      '3828 2269 7947 4529 7468 5022 6696 465 1473 4621 2310 2684 7477 5185 5647 251 2016 6259 5575 2568 7441 3039 5179 6840 4492 3351 717 993 3165 5658 1271 1427',
  },
  {
    task: 'subj',
    seed: 4,
    n: 8_000,
    first:
      '644 6940 795 5556 4538 5533 1680 5139 5796 632 532 6308 1758 3296 4135 3524 3223 7395 1527 7582 7158 2911 1032 2038 5592 5362 6723 7436 3197 7756 2262 7930',
  },
  {
    task: 'agnews',
    seed: 3,
    n: 120_000,
    first:
      '109501 118972 74249 23493 97938 85273 59084 28114 98349 24919 77189 47921 71654 112272 10005 118561 106811 49269 46515 48166 7435 48837',
  },
  { task: 'cb', seed: 3, n: 250, first: '112 92 167 175 96 214 24 182 143 234 139 42 130 155 177 117 163 232 23' },
];

const evaluationOrder = [
  { task: 'sst2', n: 872, first: '859 619 662 605 153 488 265 613 436 152' },
  { task: 'sst5', n: 1_101, first: '675 962 298 310 641 726 304 268 111 297' },
  { task: 'mr', n: 1_066, first: '500 802 105 655 84 1064 583 130 885 385' },
  { task: 'subj', n: 2_000, first: '1883 109 417 1978 336 232 757 395 21 1594' },
  { task: 'agnews', n: 7_600, first: '5850 5886 4925 6741 1068 619 3991 636 2534 1552' },
  { task: 'cb', n: 56, first: '39 6 28 30 14 20 50 24 27 25' },
];

describe('permutation', () => {
  test.each(demonstrations)('demonstrations of $task (seed $seed of $n)', ({ seed, n, first }) => {
    expect(permutation(seed, n).slice(0, numbers(first).length)).toEqual(numbers(first));
  });

  test.each(evaluationOrder)('evaluation order of $task (seed 1 of $n)', ({ n, first }) => {
    expect(permutation(1, n).slice(0, 10)).toEqual(numbers(first));
  });

  test('follows NumPy where the seed needs two words', () => {
    expect(permutation(2 ** 40 + 5, 10)).toEqual(numbers('8 1 2 5 3 0 9 7 4 6'));
    expect(permutation(Number.MAX_SAFE_INTEGER, 10)).toEqual(numbers('6 7 8 9 2 0 3 4 1 5'));
    expect(permutation(0, 10)).toEqual(numbers('4 6 2 7 3 5 9 0 8 1'));
  });

  test('holds every number once', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat({ max: 300 }), (seed, n) => {
        expect(permutation(seed, n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('refuses seed %s', seed => {
    expect(() => permutation(seed, 3)).toThrow(UserError);
  });
});
