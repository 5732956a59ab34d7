import { describe, expect, test } from 'vitest';
import { matchingTest } from '../../statistics/matching.ts';
import { meanWithInterval, pairedT } from '../../statistics/paired-t.ts';
import type { Finding } from './chapter.ts';
import { gathered } from './gathered.ts';
import type { HeadMeasures } from './head-measures.ts';
import { testFindings, whyNoTests } from './set-tests.ts';

type Maps = Parameters<HeadMeasures['ofMaps']['add']>[2];

const matched = [0.05, 0.07, 0.02, 0.09, 0.04, 0.06];
const mispaired = [0.01, 0.02, 0.02, 0.03, 0.01, 0.05];

/** Sets whose heads all have the same values. */
function measured(heads: number, value: (set: number) => { readonly matched: number; readonly mispaired: number }) {
  const ofMapsBySet = matched.map((_, set) => {
    const maps = gathered<Maps>(1, heads);
    const { matched, mispaired } = value(set);
    for (let head = 0; head < heads; head++) maps.add(0, head, { matched, mispaired, centred: matched / 10 } as Maps);
    return maps;
  });
  const matching = matched.map((own, i) => matched.map((_, j) => (i === j ? own : 0.001 * (i + 2 * j))));
  return { ofMapsBySet, matching };
}

const asGiven = (set: number) => ({ matched: matched[set]!, mispaired: mispaired[set]! });
const findingAt = (findings: readonly Finding[], start: string) => findings.find(({ what }) => what.startsWith(start))!;

describe('intervals and tests over sets of demonstrations', () => {
  test('use one value per set', () => {
    const findings = testFindings(measured(1, asGiven), undefined);
    const interval = meanWithInterval(matched)!;
    expect(findingAt(findings, 'cos(dW_icl, dW_ft): low').value).toBeCloseTo(interval.low!, 6);
    const paired = pairedT(matched, mispaired)!;
    expect(findingAt(findings, 'cos(dW_icl, dW_ft) above mispaired').value).toBeCloseTo(paired.difference, 6);
    expect(findingAt(findings, 'p of no difference to mispaired').value).toBeCloseTo(paired.p!, 6);
    const exact = matchingTest(measured(1, asGiven).matching)!;
    expect(findingAt(findings, 'p of no difference to other').value).toBeCloseTo(exact.p!, 6);
    expect(exact.p).toBe(1 / 720);
  });

  test('do not depend on how many heads a model has', () => {
    expect(testFindings(measured(50, asGiven), undefined)).toEqual(testFindings(measured(1, asGiven), undefined));
  });

  test('equal values of all sets have no interval and no p, and say why; the other p is adjusted alone', () => {
    const findings = testFindings(
      measured(3, () => ({ matched: 0.05, mispaired: 0.01 })),
      undefined,
    );
    for (const what of ['cos(dW_icl, dW_ft): low', 'p of no difference to mispaired']) {
      expect(findingAt(findings, what)).toMatchObject({ value: null, why: expect.stringContaining('the same') });
    }
    const at = findings.indexOf(findingAt(findings, 'p of no difference to other'));
    expect(findings[at + 1]!.value).toBe(findings[at]!.value);
  });

  test('too few sets give the means, and null with why for intervals and tests', () => {
    const prepared = { task: { trainRows: 50, name: 'small' }, sequences: { shots: 16 } } as Parameters<
      typeof whyNoTests
    >[1];
    const why = whyNoTests(3, prepared);
    expect(why).toBe(
      'intervals and tests need 6 disjoint sets of demonstrations; the 50 training rows of small make 3 of 16',
    );
    expect(whyNoTests(6, prepared)).toBeUndefined();
    const findings = testFindings(measured(2, asGiven), why);
    for (const finding of findings) {
      if (/low end|high end|^p of|adjusted/.test(finding.what)) expect(finding).toMatchObject({ value: null, why });
      else expect(finding.value, finding.what).not.toBeNull();
    }
  });
});
