import { describe, expect, test } from 'vitest';
import type { ExperimentResult } from '../experiment/result.ts';
import type { SteadyCheck } from '../experiment/steady-check.ts';
import type { Similarity } from '../metric/fold.ts';
import { type Predictions, rec2ftp } from '../metric/rec2ftp.ts';
import { DEFAULT_MODEL } from './everywhere.ts';
import { formatFindings } from './format-findings.ts';
import { formatRun } from './format-run.ts';

const similarity = (value: number, n = 100): Similarity => ({ value, perLayer: [value], n });
const STEADY: SteadyCheck = { cosine: 1, moved: 0, pass: true, rows: 16 };
const missing: Similarity = { value: null, perLayer: [], n: 0, why: 'needs more settings' };

/** One example a digit: gold is always 1. */
function resultOf(zero: string, context: string, tuned: string | undefined, name = DEFAULT_MODEL) {
  const read = (text: string) => Array.from(text, Number);
  const predictions: Predictions = {
    gold: Array(zero.length).fill(1),
    zeroShot: read(zero),
    inContext: read(context),
    ...(tuned !== undefined && { finetuned: read(tuned) }),
  };
  const share = (text: string) => read(text).filter(x => x === 1).length / text.length;
  const all = tuned !== undefined;
  const of = (value: number) => (all ? similarity(value, zero.length) : missing);
  const result: ExperimentResult = {
    schema: 'dualform.run/1',
    signature: 's',
    model: { name, family: 'llama', digest: '', layers: 1, heads: 1, width: 1, parameters: 1 },
    task: {
      ...{ name: 'sst2', digest: '', template: 'code', labels: ['a', 'b'], shots: 4, shotsAsked: 8, seed: 3 },
      demonstrations: [],
      examples: zero.length,
    },
    finetuning: { learningRate: all ? 0.01 : null, losses: [], steady: STEADY },
    accuracy: { 'zero-shot': share(zero), 'in-context': share(context), ...(all && { finetuned: share(tuned) }) },
    rec2ftp: rec2ftp(predictions),
    simAOU: { ...of(0.1234), random: similarity(0.001), unnormalised: of(0.05) },
    simAM: { ...of(0.5), zeroShot: of(0.6), delta: of(-0.1) },
    kendall: { ...of(0.2), random: of(0) },
  };
  return { result, predictions };
}

const repeat = (digits: string, n: number) => digits.repeat(n);

describe('the table', () => {
  const { result } = resultOf(repeat('0011', 25), repeat('0111', 25), repeat('1011', 25));
  const text = formatRun(result);
  test.each([
    'sst2 with smollm2-135m-instruct, 4 demonstrations (of 8 asked for: the context ends), seed 3, learning rate 0.01, 100 evaluation rows',
    // Wilson by hand for 50 and 75 of 100.
    'zero-shot     50.0 %  40.4 to 59.6 %',
    'in-context    75.0 %  65.7 to 82.5 %',
    'Rec2FTP                                 0.0 %                          0 of 25 rows',
    'SimAOU: updates of attention outputs    0.123  random direction 0.001  100 rows',
    'SimAM: attention scores                 0.500  zero-shot 0.600         100 rows',
  ])('has the line %s', line => {
    expect(text.split('\n')).toContain(line);
  });

  test('says why values are undefined, once for each reason', () => {
    const shown = formatRun(resultOf('01', '01', undefined).result);
    expect(shown).toContain(
      'Undefined: SimAOU, SimAOU without normalising, SimAM, SimAM of zero-shot, SimAM of the updates, Kendall, Kendall of a random order (needs more settings).',
    );
    expect(shown).toContain('Undefined: Rec2FTP (needs the settings zero-shot, in-context and finetuned).');
    expect(shown).not.toMatch(/null|NaN/);
  });
});

describe('the two sentences', () => {
  const findings = (...runs: Parameters<typeof resultOf>) => {
    const { result, predictions } = resultOf(...runs);
    return formatFindings(result, predictions);
  };
  const half = repeat('01', 50);
  test.each([
    ['the demonstrations help (paired test, p < 0.001)', half, repeat('11', 40) + repeat('01', 10)],
    ['the demonstrations harm (paired test, p < 0.001)', half, repeat('00', 40) + repeat('01', 10)],
    ['the two cannot be told apart (the same rows are right)', half, half],
    // Two discordant rows, both for in-context: mid-p = 2 * 1/4 - 1/4.
    ['the two cannot be told apart (paired test, p = 0.250)', half, `1111${half.slice(4)}`],
  ])('say: %s', (verdict, zero, context) => {
    const [first] = findings(zero, context, zero);
    expect(first).toContain(verdict);
    expect(first).toMatch(/^With 4 demonstrations in context the model gets .* of 100 rows right .*\.$/);
    expect(first).toContain(
      'with some seeds of the demonstrations the in-context accuracy of this small model falls below zero-shot',
    );
  });

  test('warn of few rows, and give the chance level beside Rec2FTP', () => {
    const [, second] = findings(repeat('0001', 10), repeat('0111', 10), repeat('0011', 10));
    expect(second).toContain(
      'Of the 10 rows that zero-shot gets wrong and finetuning on the same demonstrations right, in-context puts right 10 (Rec2FTP 100.0 %, 95 % interval 72.2 to 100.0 %, too few to say much), against 66.7 % of all rows that zero-shot gets wrong',
    );
    expect(second).toContain('(SimAOU) of 0.123, 0.001 for random directions, over 40 rows.');
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
