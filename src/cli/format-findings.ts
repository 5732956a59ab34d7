import type { ExperimentResult } from '../experiment/result.ts';
import { discordant } from '../metric/accuracy.ts';
import { corrections, type Predictions } from '../metric/rec2ftp.ts';
import { mcnemarMidP } from '../statistics/mcnemar.ts';
import { wilson } from '../statistics/wilson.ts';
import { DEFAULT_MODEL } from './everywhere.ts';
import { formatDecimal, formatInterval, formatP, formatPercent, formatPlural } from './format-number.ts';

const SIGNIFICANT = 0.05;
/** Below this many rows a Rec2FTP says little, whatever it is. */
const FEW = 30;

/**
 * Two sentences, behind a warning where rounding decides the finetuned numbers: how in-context compares with zero-shot, and how alike in-context and finetuned are, each with its
 * uncertainty. Whether in-context and zero-shot differ is judged by a paired test (McNemar, mid-p) at 5 %.
 */
export function formatFindings(result: ExperimentResult, predictions: Predictions): readonly string[] {
  return [...steadinessWarning(result), accuracySentence(result, predictions), likenessSentence(result, predictions)];
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

function accuracySentence(
  { model, task, accuracy }: ExperimentResult,
  { gold, zeroShot, inContext }: Predictions,
): string {
  const n = task.examples;
  const withInterval = (share: number) =>
    `${formatPercent(share)} (${formatInterval(wilson(Math.round(share * n), n)!)})`;
  const rows = `of ${n} rows right (95 % interval in brackets)`;
  if (!zeroShot || !inContext) {
    const parts = Object.entries(accuracy).map(([name, share]) => `${name} ${withInterval(share)}`);
    return `Of ${formatPlural(n, 'row')} the model gets right: ${parts.join(', ')} (95 % interval in brackets); without both zero-shot and in-context nothing can be said about the demonstrations.`;
  }
  const { onlyFirst, onlySecond } = discordant(gold, inContext, zeroShot);
  const p = mcnemarMidP(onlyFirst, onlySecond);
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
    `With ${formatPlural(task.shots, 'demonstration')} in context the model gets ${withInterval(accuracy['in-context']!)} ${rows}, ` +
    `zero-shot ${withInterval(accuracy['zero-shot']!)}: ${verdict} (${p === null ? 'the same rows are right' : `paired test, ${formatP(p)}`})${caution}.`
  );
}

function likenessSentence({ rec2ftp, simAOU }: ExperimentResult, predictions: Predictions): string {
  const { gold, zeroShot, inContext, finetuned } = predictions;
  if (!zeroShot || !inContext || !finetuned) {
    return `How alike in-context and finetuned are cannot be said: that ${rec2ftp.why}.`;
  }
  return `${recallPart(rec2ftp, corrections({ gold, zeroShot, inContext, finetuned }))}; ${updatePart(simAOU)}.`;
}

function recallPart(
  { numerator, denominator, value, why }: ExperimentResult['rec2ftp'],
  { zeroShotWrong, byInContext }: ReturnType<typeof corrections>,
): string {
  if (value === null) return `Rec2FTP is undefined, since ${why}`;
  const few = denominator! < FEW ? `, too few to say much` : '';
  return (
    `Of the ${denominator} rows that zero-shot gets wrong and finetuning on the same demonstrations right, in-context puts right ${numerator} ` +
    `(Rec2FTP ${formatPercent(value / 100)}, 95 % interval ${formatInterval(wilson(numerator!, denominator!)!)}${few}), ` +
    `against ${formatPercent(byInContext / zeroShotWrong)} of all rows that zero-shot gets wrong`
  );
}

function updatePart({ value, why, n, random }: ExperimentResult['simAOU']): string {
  if (value === null) return `SimAOU is undefined, since ${why}`;
  const baseline = random.value === null ? '' : `, ${formatDecimal(random.value)} for random directions`;
  return `the updates of attention outputs have a mean cosine (SimAOU) of ${formatDecimal(value)}${baseline}, over ${n} rows`;
}
