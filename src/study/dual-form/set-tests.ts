/**
 * @file Intervals and tests of chapter 2. Heads of one model are not independent samples; disjoint
 * sets of demonstrations are.
 */
import type { Prepared } from '../../run/prepare.ts';
import { benjaminiHochberg } from '../../statistics/benjamini-hochberg.ts';
import { matchingTest } from '../../statistics/matching.ts';
import { meanWithInterval, pairedT } from '../../statistics/paired-t.ts';
import { buildDemonstrationSets, type DemonstrationSet } from '../../task/sequence.ts';
import { type Finding, findingOf } from './chapter.ts';
import { defined } from './gathered.ts';
import type { HeadMeasures } from './head-measures.ts';

/** Disjoint sets of demonstrations for intervals and tests. */
export const SETS = 6;

/**
 * Up to SETS disjoint sets, each with as many demonstrations as the plan; the first is that of the
 * plan.
 */
export function demonstrationSets({
  task,
  tokenizer,
  conventions,
  decoder,
  sequences,
  plan,
}: Prepared): readonly DemonstrationSet[] {
  const { shots } = sequences;
  const { seed } = plan;
  return buildDemonstrationSets({ task, tokenizer, ...conventions, shots, seed, context: decoder.context }, SETS);
}

/** Why there are no intervals and tests; undefined where there are. */
export function whyNoTests(
  sets: number,
  { task, sequences }: Pick<Prepared, 'task' | 'sequences'>,
): string | undefined {
  if (sets >= SETS) return undefined;
  return (
    `intervals and tests need ${SETS} disjoint sets of demonstrations; ` +
    `the ${task.trainRows} training rows of ${task.name} make ${sets} of ${sequences.shots}`
  );
}

type Measured = Pick<HeadMeasures, 'ofMapsBySet' | 'matching'>;
type Key = Parameters<HeadMeasures['ofMaps']['each']>[0];

/** Mean over layers, heads and queries, of each set. */
export function overSets({ ofMapsBySet }: Pick<Measured, 'ofMapsBySet'>, key: Key): readonly (number | null)[] {
  return ofMapsBySet.map(ofSet => defined(ofSet.each(key)));
}

/**
 * Tests of cos(dW_icl, dW_ft), one value per set: its t interval; the comparison with dW_ft of
 * other sets over all matchings of the sets, since cosines with a common set are dependent; the
 * paired t test against mispaired values; the interval with centred values. The p values are
 * adjusted for both tests.
 *
 * @param why there are no intervals and tests
 */
export function testFindings(measured: Measured, why: string | undefined): readonly Finding[] {
  const { matching } = measured;
  const whole = matching.every(row => row.every(value => value !== null));
  const others = whole ? matchingTest(matching as readonly (readonly number[])[]) : null;
  const matched = overSets(measured, 'matched');
  const mispaired = pairedT(...pairs(matched, overSets(measured, 'mispaired')));
  const interval = (key: Key) => meanWithInterval(overSets(measured, key).filter(value => value !== null));
  const [ofMatched, ofCentred] = [interval('matched'), interval('centred')];
  const p = [others, mispaired].map(test => (why === undefined ? (test?.p ?? null) : null));
  const adjusted = benjaminiHochberg(p);
  // A number that needs enough sets: null where there are too few.
  const tested = (what: string, value: number | null | undefined, whyNot: string | undefined) =>
    findingOf(what, why === undefined ? (value ?? null) : null, why ?? whyNot);
  const bounds = (what: string, found: { low: number | null; high: number | null; why?: string } | null) => [
    tested(`${what}: low end of its 95 % interval over sets of demonstrations`, found?.low, found?.why),
    tested(`${what}: high end`, found?.high, found?.why),
  ];
  const test = (what: string, i: number, whyNot: string | undefined) => [
    tested(`p of ${what}`, p[i], whyNot),
    tested('the same, adjusted for both tests (Benjamini and Hochberg)', adjusted[i], whyNot),
  ];
  return [
    ...bounds('cos(dW_icl, dW_ft)', ofMatched),
    findingOf('cos(dW_icl, dW_ft) above dW_ft of other demonstrations', others?.difference ?? null),
    ...test('no difference to other demonstrations (exact, all matchings of the sets)', 0, others?.why),
    findingOf('cos(dW_icl, dW_ft) above mispaired values', mispaired?.difference ?? null),
    ...bounds('the same', mispaired),
    ...test('no difference to mispaired values (paired t over the sets)', 1, mispaired?.why),
    findingOf('cos(dW_icl, dW_ft) with centred values', defined(overSets(measured, 'centred'))),
    ...bounds('the same', ofCentred),
  ];
}

/** The entries of both lists at which neither is null. */
function pairs(a: readonly (number | null)[], b: readonly (number | null)[]): [number[], number[]] {
  const kept = a.flatMap((x, i) => (x === null || b[i] === null ? [] : [[x, b[i]!] as const]));
  return [kept.map(([x]) => x), kept.map(([, y]) => y)];
}
