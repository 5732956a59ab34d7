import type { Similarity } from '../../metric/fold.ts';
import { DEFAULT_MODEL } from '../../run/options.ts';
import type { ExperimentResult } from '../../run/result.ts';
import { betterOf, isFew, sideOfZero } from '../../run/verdicts.ts';
import type { SettingName } from '../../setting/setting-name.ts';
import { formatBounds, formatDecimal, formatInterval, formatP, formatPercent, formatPlural } from '../format/number.ts';

/**
 * Three sentences, after a warning where rounding decides the finetuned numbers: how in-context compares
 * with zero-shot; whether in-context and finetuning get the same rows right; how similar their updates and
 * attention are. Each number has its uncertainty.
 */
export function formatFindings(result: ExperimentResult): readonly string[] {
  const { rec2ftp } = result;
  const first = [...steadinessWarning(result), accuracySentence(result)];
  if (rec2ftp.kappa === undefined) {
    return [...first, `How similar in-context and finetuned are is undefined: ${rec2ftp.why}.`];
  }
  return [...first, recallSentence(rec2ftp), likenessSentence(result)];
}

function steadinessWarning({ finetuning: { learningRate, steady } }: ExperimentResult): readonly string[] {
  const { pass, moved, cosine, rows, why } = steady;
  if (pass !== false) return [];
  const found =
    moved === null || cosine === null
      ? why!
      : `a learning rate higher by a millionth changes ${formatPercent(moved)} of the answers to ${formatPlural(rows, 'row')}, ` +
        `and the updates of attention outputs then have a mean cosine of ${formatDecimal(cosine)} with those before`;
  return [
    `Rounding decides the result of finetuning at ${learningRate}: ${found}. Its numbers hold for this machine only; "dualform tune" finds a steady rate.`,
  ];
}

function accuracySentence({ model, task, accuracy, accuracyIntervals, accuracyTests }: ExperimentResult): string {
  const n = task.examples;
  const withInterval = (name: SettingName) =>
    `${formatPercent(accuracy[name]!)} (${formatInterval(accuracyIntervals[name]!)})`;
  const test = accuracyTests.find(({ first, second }) => first === 'in-context' && second === 'zero-shot');
  if (test === undefined) {
    const parts = Object.keys(accuracy).map(name => `${name} ${withInterval(name as SettingName)}`);
    return `Of ${formatPlural(n, 'row')} the model gets right: ${parts.join(', ')} (95 % interval in brackets). The effect of the demonstrations needs both zero-shot and in-context.`;
  }
  const { p, onlyFirst, onlySecond } = test;
  const verdict = {
    'in-context': 'the demonstrations help',
    'zero-shot': 'the demonstrations harm',
    undecided: 'the difference is not significant',
  }[(betterOf(test) ?? 'undecided') as 'in-context' | 'zero-shot' | 'undecided'];
  const caution =
    model.name !== DEFAULT_MODEL
      ? ''
      : onlyFirst < onlySecond
        ? ': with some seeds of the demonstrations the in-context accuracy of this small model falls below zero-shot, as here'
        : '; with some seeds of the demonstrations the in-context accuracy of this small model falls below zero-shot';
  return (
    `With ${formatPlural(task.shots, 'demonstration')} in context the model gets ${withInterval('in-context')} of ${n} rows right ` +
    `(95 % interval in brackets), zero-shot ${withInterval('zero-shot')}: ${verdict} ` +
    `(${p === null ? test.why : `paired test, ${formatP(p)}`})${caution}.`
  );
}

function recallSentence({
  numerator,
  denominator,
  value,
  why,
  interval,
  kappa,
  expected,
}: ExperimentResult['rec2ftp']) {
  if (value === null) return `Rec2FTP is undefined, since ${why}.`;
  const few = isFew(denominator!) ? ', too few to say much' : '';
  const recall =
    `Of the ${denominator} rows that zero-shot gets wrong and finetuning on the same demonstrations gets right, in-context gets ${numerator} right ` +
    `(Rec2FTP ${formatPercent(value / 100)}, ${formatBounds(interval, 1)} %${few})`;
  const unrelated = `two unrelated settings that get as many rows of each label right would share ${formatDecimal(expected!, 1)}`;
  if (kappa!.value === null) return `${recall}; ${unrelated}: kappa is undefined, since ${kappa!.why}.`;
  return `${recall}; ${unrelated}: kappa, the agreement beyond chance, is ${withBounds(kappa!)}${verdictOn(kappa!)}.`;
}

function verdictOn({ interval }: NonNullable<ExperimentResult['rec2ftp']['kappa']>): string {
  const side = sideOfZero(interval);
  if (side === undefined) return '';
  if (side === 'around') return ', which chance can explain';
  return `, so they get the same rows right ${side === 'above' ? 'more' : 'less'} often than by chance`;
}

function likenessSentence({ simAOU, simAM }: ExperimentResult): string {
  const updates =
    simAOU.value === null
      ? `SimAOU is undefined, since ${simAOU.why}`
      : `The updates of attention outputs have a mean cosine (SimAOU) of ${withBounds(simAOU)}, over ${simAOU.n} rows` +
        beside('; minus that of random directions:', simAOU.difference);
  const { value, interval } = simAM.difference;
  if (value === null) return `${updates}.`;
  const direction = {
    above: 'closer to',
    below: 'farther from',
    around: 'neither closer to nor farther from',
  }[sideOfZero(interval) ?? 'around'];
  return `${updates}; finetuning moves attention scores ${direction} those in context (SimAM minus that of zero-shot: ${withBounds(simAM.difference)}).`;
}

function beside(words: string, similarity: Similarity): string {
  return similarity.value === null ? '' : `${words} ${withBounds(similarity)}`;
}

/** 0.325 (0.310 to 0.340) */
function withBounds({ value, interval }: Pick<Similarity, 'value' | 'interval'>): string {
  return `${formatDecimal(value!)} (${formatBounds(interval)})`;
}
