import type { Similarity } from '../../metric/fold.ts';
import { DEFAULT_MODEL } from '../../run/options.ts';
import type { ExperimentResult } from '../../run/result.ts';
import type { SettingName } from '../../setting/setting-name.ts';
import { formatBounds, formatDecimal, formatInterval, formatP, formatPercent, formatPlural } from '../format/number.ts';

const SIGNIFICANT = 0.05;
/** Below this many rows a Rec2FTP says little, whatever it is. */
const FEW = 30;

/**
 * Three sentences, behind a warning where rounding decides the finetuned numbers: how in-context compares with zero-shot; whether
 * in-context and finetuning put the same rows right; how alike their updates and attention are. Each number stands with its uncertainty.
 * Whether in-context and zero-shot differ is the one question that is judged by a test: McNemar's, at 5 %.
 */
export function formatFindings(result: ExperimentResult): readonly string[] {
  const { rec2ftp } = result;
  const first = [...steadinessWarning(result), accuracySentence(result)];
  if (rec2ftp.kappa === undefined) {
    return [...first, `How alike in-context and finetuned are cannot be said: that ${rec2ftp.why}.`];
  }
  return [...first, recallSentence(rec2ftp), likenessSentence(result)];
}

function steadinessWarning({ finetuning: { learningRate, steady } }: ExperimentResult): readonly string[] {
  const { pass, moved, cosine, rows, why } = steady;
  if (pass !== false) return [];
  const found =
    moved === null || cosine === null
      ? why!
      : `a learning rate higher by a millionth changes ${formatPercent(moved)} of the answers to ${formatPlural(rows, 'row')} ` +
        `and turns the updates of attention outputs to a mean cosine of ${formatDecimal(cosine)}`;
  return [
    `Rounding decides what finetuning at ${learningRate} gives: ${found}. Its numbers are those of this machine; "dualform tune" finds a steady rate.`,
  ];
}

function accuracySentence({ model, task, accuracy, accuracyIntervals, accuracyTests }: ExperimentResult): string {
  const n = task.examples;
  const withInterval = (name: SettingName) =>
    `${formatPercent(accuracy[name]!)} (${formatInterval(accuracyIntervals[name]!)})`;
  const test = accuracyTests.find(({ first, second }) => first === 'in-context' && second === 'zero-shot');
  if (test === undefined) {
    const parts = Object.keys(accuracy).map(name => `${name} ${withInterval(name as SettingName)}`);
    return `Of ${formatPlural(n, 'row')} the model gets right: ${parts.join(', ')} (95 % interval in brackets); without both zero-shot and in-context nothing can be said about the demonstrations.`;
  }
  const { p, onlyFirst, onlySecond } = test;
  const [better, worse] = [onlyFirst > onlySecond, onlyFirst < onlySecond];
  const verdict =
    p === null || p >= SIGNIFICANT
      ? 'the two cannot be told apart'
      : better
        ? 'the demonstrations help'
        : 'the demonstrations harm';
  const caution =
    model.name !== DEFAULT_MODEL
      ? ''
      : worse
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
  const few = denominator! < FEW ? ', too few to say much' : '';
  const recall =
    `Of the ${denominator} rows that zero-shot gets wrong and finetuning on the same demonstrations right, in-context puts right ${numerator} ` +
    `(Rec2FTP ${formatPercent(value / 100)}, ${formatBounds(interval, 1)} %${few})`;
  const unrelated = `two settings that put as many rows of each label right, but unrelated ones, would share ${formatDecimal(expected!, 1)}`;
  if (kappa!.value === null) return `${recall}; ${unrelated}: what is beyond chance is undefined, since ${kappa!.why}.`;
  return `${recall}; ${unrelated}: beyond chance kappa is ${withBounds(kappa!)}${verdictOn(kappa!)}.`;
}

function verdictOn({ interval: { low, high } }: NonNullable<ExperimentResult['rec2ftp']['kappa']>): string {
  if (low === null || high === null) return '';
  if (low > 0) return ', so that they put the same rows right more often than chance';
  return high < 0 ? ', so that they put the same rows right less often than chance' : ', which chance can give';
}

function likenessSentence({ simAOU, simAM }: ExperimentResult): string {
  const updates =
    simAOU.value === null
      ? `SimAOU is undefined, since ${simAOU.why}`
      : `The updates of attention outputs have a mean cosine (SimAOU) of ${withBounds(simAOU)}, over ${simAOU.n} rows` +
        beside(', less that of random directions', simAOU.difference);
  const { value, interval } = simAM.difference;
  if (value === null) return `${updates}.`;
  const nearer =
    interval.low !== null && interval.low > 0
      ? 'nearer to'
      : interval.high !== null && interval.high < 0
        ? 'farther from'
        : 'neither nearer to nor farther from';
  return `${updates}; finetuning moves attention scores ${nearer} those in context (SimAM less zero-shot's ${withBounds(simAM.difference)}).`;
}

function beside(words: string, similarity: Similarity): string {
  return similarity.value === null ? '' : `${words} ${withBounds(similarity)}`;
}

/** 0.325 (0.310 to 0.340) */
function withBounds({ value, interval }: Pick<Similarity, 'value' | 'interval'>): string {
  return `${formatDecimal(value!)} (${formatBounds(interval)})`;
}
