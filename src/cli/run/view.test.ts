import { describe, expect, test } from 'vitest';
import { accuracy, correct } from '../../metric/accuracy.ts';
import { accuracyTests } from '../../metric/accuracy-tests.ts';
import { correctedRecall } from '../../metric/corrected-recall.ts';
import { notMeasured, type Similarity } from '../../metric/fold.ts';
import { rec2ftp } from '../../metric/rec2ftp.ts';
import { formatFindings } from '../../report/run/findings.ts';
import { DEFAULT_MODEL } from '../../run/options.ts';
import type { ExperimentResult } from '../../run/result.ts';
import type { SteadyCheck } from '../../run/steady-check.ts';
import { wilson } from '../../statistics/wilson.ts';
import { formatRun } from './view.ts';

const similarity = (value: number, n = 100): Similarity => ({
  ...{ value, perLayer: [value], n },
  interval: { low: value - 0.01, high: value + 0.02 },
});
const missing = notMeasured('needs more settings');
const STEADY: SteadyCheck = { cosine: 1, moved: 0, pass: true, rows: 16 };

/** One example a digit: gold is always 1. */
function resultOf(zero: string, context: string, tuned: string | undefined, name = DEFAULT_MODEL): ExperimentResult {
  const read = (text: string) => Array.from(text, Number);
  const gold: number[] = Array(zero.length).fill(1);
  const [zeroShot, inContext] = [read(zero), read(context)];
  const finetuned = tuned === undefined ? undefined : read(tuned);
  const answers = [
    { name: 'zero-shot' as const, predicted: zeroShot },
    { name: 'in-context' as const, predicted: inContext },
    ...(finetuned ? [{ name: 'finetuned' as const, predicted: finetuned }] : []),
  ];
  const all = finetuned !== undefined;
  const of = (value: number) => (all ? similarity(value, zero.length) : missing);
  return {
    schema: 'dualform.run/1',
    signature: 's',
    model: { name, family: 'llama', digest: '', layers: 1, heads: 1, hiddenSize: 1, parameters: 1 },
    task: {
      ...{ name: 'sst2', digest: '', template: 'code', labels: ['a', 'b'], shots: 4, shotsAsked: 8, seed: 3 },
      demonstrations: [],
      examples: zero.length,
      evaluationRows: 872,
      leaksExcluded: 0,
    },
    finetuning: { learningRate: all ? 0.01 : null, losses: [], steady: STEADY },
    accuracy: Object.fromEntries(answers.map(({ name, predicted }) => [name, accuracy(gold, predicted)!])),
    uncertainty: { confidence: 0.95, over: 'rows only, these demonstrations' },
    accuracyIntervals: Object.fromEntries(
      answers.map(({ name, predicted }) => [name, wilson(correct(gold, predicted), gold.length)!]),
    ),
    accuracyTests: accuracyTests(gold, answers),
    rec2ftp: {
      ...rec2ftp({ gold, zeroShot, inContext, finetuned }),
      ...(finetuned && correctedRecall([{ seed: 3, gold, zeroShot, inContext, finetuned }])),
    },
    simAOU: { ...of(0.1234), random: similarity(0.001), difference: of(0.122), unnormalised: of(0.05) },
    simAM: { ...of(0.5), zeroShot: of(0.6), difference: of(-0.1), delta: of(-0.1) },
    kendall: { ...of(0.2), random: of(0), difference: of(0.2) },
  };
}

const repeat = (digits: string, n: number) => digits.repeat(n);

describe('the table', () => {
  const text = formatRun(resultOf(repeat('0011', 25), repeat('0111', 25), repeat('1011', 25)));
  test.each([
    'sst2 with smollm2-135m-instruct, 4 demonstrations (of 8; more do not fit the context), seed 3, learning rate 0.01, 100 evaluation rows',
    // Wilson by hand for 50 and 75 of 100.
    'zero-shot     50.0 %  40.4 to 59.6 %',
    'in-context    75.0 %  65.7 to 82.5 %',
    // Of 50 rows finetuning rights 25, in-context the other 25: kappa = -g / (n - g) of g = 25 and n = 50, whose error is near 4 sqrt(1/200).
    'Rec2FTP                                 0.0 %  0.0 to 13.3 %     0 of 25 rows',
    '  by chance                            50.0 %                    12.5 of 25 rows',
    '  beyond chance: kappa                 -1.000  -1.570 to -0.430',
    'SimAOU: updates of attention outputs    0.123  0.113 to 0.143    100 rows',
    '  difference to it                      0.122  0.112 to 0.142    100 rows',
    '  zero-shot                             0.600  0.590 to 0.620    100 rows',
    'Intervals are over rows only, these demonstrations.',
  ])('has the line %s', line => {
    expect(text.split('\n')).toContain(line);
  });

  test('says why values are undefined, once for each reason', () => {
    const shown = formatRun(resultOf('01', '01', undefined));
    expect(shown).toContain(
      'Undefined: SimAOU, SimAOU without normalising, SimAM, SimAM of zero-shot, SimAM of the updates, Kendall, Kendall of a random order (needs more settings).',
    );
    expect(shown).toContain('Undefined: Rec2FTP (needs the settings zero-shot, in-context and finetuned).');
    expect(shown).not.toMatch(/null|NaN/);
  });
});

describe('the sentences', () => {
  const findings = (...runs: Parameters<typeof resultOf>) => formatFindings(resultOf(...runs));
  const half = repeat('01', 50);
  test.each([
    ['the demonstrations help (paired test, p < 0.001)', half, repeat('11', 40) + repeat('01', 10)],
    ['the demonstrations harm (paired test, p < 0.001)', half, repeat('00', 40) + repeat('01', 10)],
    ['the difference is not significant (both get the same rows right)', half, half],
    // Two discordant rows, both for in-context: mid-p = 2 * 1/4 - 1/4.
    ['the difference is not significant (paired test, p = 0.250)', half, `1111${half.slice(4)}`],
  ])('say: %s', (verdict, zero, context) => {
    const [first] = findings(zero, context, zero);
    expect(first).toContain(verdict);
    expect(first).toMatch(/^With 4 demonstrations in context the model gets .* of 100 rows right .*\.$/);
    expect(first).toContain(
      'with some seeds of the demonstrations the in-context accuracy of this small model falls below zero-shot',
    );
  });

  test('warn of few rows, and say what chance gives', () => {
    const [, second, third] = findings(repeat('0001', 10), repeat('0111', 10), repeat('0011', 10));
    expect(second).toContain(
      'Of the 10 rows that zero-shot gets wrong and finetuning on the same demonstrations gets right, in-context gets 10 right (Rec2FTP 100.0 %, 72.2 to 100.0 %, too few to say much); two unrelated settings that get as many rows of each label right would share 6.7: kappa, the agreement beyond chance, is 1.000 (no interval: the same without any row).',
    );
    expect(third).toBe(
      'The updates of attention outputs have a mean cosine (SimAOU) of 0.123 (0.113 to 0.143), over 40 rows; minus that of random directions: 0.122 (0.112 to 0.142); ' +
        'finetuning moves attention scores farther from those in context (SimAM minus that of zero-shot: -0.100 (-0.110 to -0.080)).',
    );
  });

  test.each([
    ['which chance can explain', '0101', '0110'],
    ['more often than by chance', '0001', '0001'],
    ['less often than by chance', '0011', '1100'],
  ])('judge kappa by its interval: %s', (verdict, context, tuned) => {
    // A row in ten parts from the pattern, so that kappa has a spread.
    const odd = (pattern: string, last: string) => `${repeat(pattern, 9)}${last}`;
    expect(findings(repeat('0', 40), odd(context, '0110'), odd(tuned, '0011'))[1]).toContain(verdict);
  });

  test('say that nothing is beyond chance where label bias alone decides', () => {
    expect(findings(repeat('0', 40), repeat('1', 40), repeat('01', 20))[1]).toContain(
      'kappa is undefined, since in-context puts right every example of each label',
    );
  });

  test('say what is undefined and why', () => {
    expect(findings('0101', '0111', '0101')[1]).toContain(
      'Rec2FTP is undefined, since finetuning puts right no example that zero-shot gets wrong',
    );
    expect(findings('01', '01', undefined)[1]).toContain('needs the settings');
  });

  test('speak of small models for the embedded one only', () => {
    expect(findings('01', '01', '01', 'large')[0]).not.toContain('small model');
  });
});
