import {
  formatBytes,
  formatClock,
  formatCount,
  formatDecimal,
  formatFlops,
  formatPlural,
} from '../../report/format/number.ts';
import type { Timing } from '../../run/provenance.ts';
import type { TrainingEstimate } from '../../train/estimate.ts';
import type { TrainingStage } from '../../train/train-steps.ts';
import type { Prediction, TrainingResult } from '../../train/training-result.ts';
import { formatTable } from '../format/table.ts';

/** A row of a table: loss, perplexity, bits per byte and number of predicted tokens of a text. */
export function predictionRow(name: string, { loss, perplexity, bitsPerByte, tokens }: Prediction): readonly string[] {
  const shown = perplexity === null ? 'undefined' : perplexity.toFixed(2);
  return [name, formatDecimal(loss), shown, formatDecimal(bitsPerByte), formatCount(tokens)];
}

/** The result of a training run. */
export function formatTraining(
  { model, corpus, validation, steps, tokensSeen, epochs, predictions }: TrainingResult,
  { seconds, tokens }: Timing<TrainingStage>,
  place: string,
): string {
  const { layers, heads, hiddenSize, vocabulary, context, momentum } = model;
  const attention = momentum === null ? '' : `, momentum ${JSON.stringify(momentum)}`;
  const rate = seconds.training > 0 ? ` (${formatCount(tokens.training / seconds.training)} tokens/s)` : '';
  return [
    `${formatCount(model.parameters)} parameters: ${layers} layers of ${heads} heads, hiddenSize ${hiddenSize}, ` +
      `${formatCount(vocabulary)} tokens, context ${context}${attention}`,
    `${formatCount(steps)} steps, ${formatCount(tokensSeen)} tokens, ${formatDecimal(epochs, 1)} epochs of ${corpus.name}, ` +
      `in ${formatClock(seconds.training)}${rate}`,
    '',
    formatTable(
      ['at the end', 'loss', 'perplexity', 'bits per byte', 'tokens'],
      [
        predictionRow('training', predictions.training),
        predictionRow(`validation: ${whichPart(validation)}`, predictions.validation),
      ],
      { align: ['left', 'right', 'right', 'right', 'right'] },
    ),
    '',
    `The model is in ${place}: give that folder as --model. losses.svg shows the training.`,
  ].join('\n');
}

function whichPart({ name, part: [from] }: TrainingResult['validation']): string {
  return from === 0 ? name : `the last ${Math.round(100 * (1 - from))} % of ${name}`;
}

/** The cost of a training run. */
export function formatTrainingEstimate({
  plan,
  parameters,
  stages,
  total,
  memoryBytes,
  secondsOfBatch,
}: TrainingEstimate): string {
  return [
    `${formatCount(parameters)} parameters, ${formatCount(plan.steps)} steps on ${plan.corpus.name}: nothing was computed`,
    '',
    formatTable(
      ['stage', 'tokens', 'work', 'time'],
      Object.entries({ ...stages, 'in all': total }).map(([name, { tokens, flops, seconds }]) => [
        name,
        ...(tokens === 0 ? ['', ''] : [formatCount(tokens), formatFlops(flops)]),
        seconds === null ? '' : formatLong(seconds),
      ]),
      { align: ['left', 'right', 'right', 'right'] },
    ),
    '',
    ...(secondsOfBatch === null || memoryBytes === null
      ? []
      : [
          `Memory: up to ${formatBytes(memoryBytes)}. Time: estimated from ${secondsOfBatch.toPrecision(2)} s for ${formatPlural(plan.batch, 'sequence')}, just measured on this machine.`,
        ]),
  ].join('\n');
}

function formatLong(seconds: number): string {
  const days = seconds / 86_400;
  return days < 2 ? formatClock(seconds) : days < 730 ? `${Math.round(days)} days` : `${Math.round(days / 365)} years`;
}
