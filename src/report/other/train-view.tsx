import type { VNode } from 'preact';
import * as z from 'zod';
import type { LineChart } from '../chart/line-chart.tsx';
import { shortNumber } from '../chart/numbers.ts';
import type { LossLine } from '../folder-data.ts';
import { formatCount, formatDecimal } from '../format/number.ts';
import { DataTable, Facts, HeatFigure, LineFigure } from '../page/parts.tsx';
import { Provenance } from '../page/provenance.tsx';

const prediction = z.object({
  loss: z.number(),
  perplexity: z.number().nullable(),
  why: z.string().optional(),
  bitsPerByte: z.number(),
  tokens: z.number(),
});

export const trainResult = z.object({
  signature: z.string(),
  model: z.object({
    family: z.string(),
    parameters: z.number(),
    digest: z.string(),
    layers: z.number(),
    heads: z.number(),
    hiddenSize: z.number(),
    learnedMomentum: z.array(z.array(z.number())).optional(),
  }),
  corpus: z.object({ name: z.string() }),
  steps: z.number(),
  tokensSeen: z.number(),
  epochs: z.number(),
  predictions: z.object({ training: prediction, validation: prediction }),
});

const trainPlan = z.object({ model: z.object({ vocabulary: z.int().positive() }) });

/** More points are averaged with their neighbours. */
const POINTS = 300;

export function TrainView({
  result,
  losses,
  plan,
  provenance,
}: {
  readonly result: z.infer<typeof trainResult>;
  readonly losses: readonly LossLine[];
  readonly plan: unknown;
  readonly provenance: unknown;
}): VNode {
  const { signature, model, corpus, steps, tokensSeen, epochs, predictions } = result;
  return (
    <>
      <p class="findings">
        {formatCount(model.parameters)} parameters learned from {formatCount(tokensSeen)} tokens of {corpus.name} in{' '}
        {formatCount(steps)} steps ({formatDecimal(epochs, 1)} times through it). At the end the loss is{' '}
        {formatDecimal(predictions.validation.loss)} nats per token on validation text.
      </p>
      <div class="figures">
        {losses.length > 0 && (
          <LineFigure
            chart={lossesChart(losses, {
              corpus: corpus.name,
              steps,
              vocabulary: trainPlan.safeParse(plan).data?.model.vocabulary,
            })}
          />
        )}
        {model.learnedMomentum && (
          <HeatFigure
            chart={{ title: 'Learned eta', x: 'head', y: 'layer', value: 'eta', rows: model.learnedMomentum }}
          />
        )}
      </div>
      <DataTable
        caption="At the end"
        columns={[
          { name: 'text' },
          { name: 'loss (nats per token)', number: true },
          { name: 'perplexity', number: true },
          { name: 'bits per byte', number: true },
          { name: 'tokens', number: true },
        ]}
        rows={(['training', 'validation'] as const).map(name => {
          const { loss, perplexity, why, bitsPerByte, tokens } = predictions[name];
          return {
            cells: [
              { shown: name },
              { shown: shortNumber(loss), value: loss },
              { shown: perplexity === null ? `undefined: ${why ?? ''}` : shortNumber(perplexity), value: perplexity },
              { shown: shortNumber(bitsPerByte), value: bitsPerByte },
              { shown: formatCount(tokens), value: tokens },
            ],
          };
        })}
      />
      <h3>How it was made</h3>
      <Facts
        facts={[
          ['signature', <code>{signature}</code>],
          ['model', `${model.family}, ${model.layers} layers, ${model.heads} heads, hidden size ${model.hiddenSize}`],
          ['digest of the model', <code>{model.digest}</code>],
        ]}
      />
      <Provenance provenance={provenance} />
    </>
  );
}

/** The losses of training and validation over the steps, and the loss of knowing nothing: ln V. */
export function lossesChart(
  lines: readonly LossLine[],
  {
    corpus,
    steps,
    vocabulary,
  }: { readonly corpus: string; readonly steps: number; readonly vocabulary?: number | undefined },
): LineChart {
  const training = lines.flatMap(line => ('loss' in line ? [{ x: line.step, y: line.loss }] : []));
  const validation = lines.flatMap(line =>
    'validationLoss' in line ? [{ x: line.step, y: line.validationLoss }] : [],
  );
  const series = [
    { name: 'training', points: thinned(training) },
    { name: 'validation', points: validation },
  ];
  const baseline = vocabulary === undefined ? undefined : { value: Math.log(vocabulary), name: 'every token alike' };
  return {
    title: `Loss while training on ${corpus}, ${formatCount(steps)} steps`,
    x: 'step',
    y: 'nats per token',
    panels: [{ series, baseline }],
  };
}

function thinned(points: readonly { readonly x: number; readonly y: number }[]) {
  const size = Math.ceil(points.length / POINTS);
  return Array.from({ length: Math.ceil(points.length / size) || 0 }, (_, i) => {
    const group = points.slice(i * size, (i + 1) * size);
    return { x: mean(group.map(({ x }) => x)), y: mean(group.map(({ y }) => y)) };
  });
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
