import type { VNode } from 'preact';
import * as z from 'zod';
import type { IntervalChart } from '../chart/interval-chart.tsx';
import { formatPercent } from '../format/number.ts';
import { DataTable, IntervalFigure } from '../page/parts.tsx';
import { Provenance } from '../page/provenance.tsx';

const bound = z.number().nullable();
const validated = {
  accuracy: bound,
  why: z.string().optional(),
  n: z.number(),
  interval: z.object({ low: z.number(), high: z.number() }).nullable(),
};

export const tuneResult = z.object({
  model: z.string(),
  task: z.string(),
  rule: z.string(),
  seed: z.number(),
  learningRate: z.number(),
  zeroShot: z.object(validated),
  grid: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('seed'), seed: z.number(), ...validated }),
      z.object({
        kind: z.literal('learning-rate'),
        learningRate: z.number(),
        refused: z.string().optional(),
        steady: z.object({ cosine: bound, moved: bound, pass: z.boolean() }).nullable(),
        ...validated,
      }),
    ]),
  ),
});

type Tuned = z.infer<typeof tuneResult>;

export function TuneView({ result, provenance }: { readonly result: Tuned; readonly provenance: unknown }): VNode {
  const { seed, learningRate, rule, zeroShot, grid } = result;
  const baselines = zeroShot.accuracy === null ? [] : [{ value: zeroShot.accuracy, name: 'zero-shot' }];
  const chart = (kind: Tuned['grid'][number]['kind'], title: string): IntervalChart => ({
    title,
    note: '95 % intervals over validation rows',
    x: 'accuracy',
    rows: grid
      .filter(each => each.kind === kind)
      .map(each => ({
        name: nameOf(each),
        detail: noteOf(each, result),
        value: each.accuracy,
        ...each.interval,
        why: each.why,
      })),
    baselines,
  });
  const charts = [chart('seed', 'In context, by seed'), chart('learning-rate', 'Finetuned, by learning rate')];
  return (
    <>
      <p class="findings">
        The rule “{rule}” chooses seed {seed} and the learning rate {learningRate}.
      </p>
      <div class="figures">
        {charts
          .filter(({ rows }) => rows.length > 0)
          .map(each => (
            <IntervalFigure chart={each} />
          ))}
      </div>
      <DataTable
        caption="Every point of the grid"
        columns={[{ name: 'point' }, { name: 'accuracy', number: true }, { name: 'steady' }, { name: 'refused since' }]}
        rows={grid.map(each => ({
          cells: [
            { shown: nameOf(each) },
            { shown: each.accuracy === null ? '–' : formatPercent(each.accuracy), value: each.accuracy },
            { shown: each.kind === 'seed' || each.steady === null ? '–' : each.steady.pass ? 'yes' : 'no' },
            { shown: (each.kind === 'learning-rate' ? each.refused : undefined) ?? each.why ?? '–' },
          ],
        }))}
      />
      <Provenance provenance={provenance} />
    </>
  );
}

function noteOf(each: Tuned['grid'][number], { seed, learningRate }: Tuned): string | undefined {
  if (each.kind === 'seed') return each.seed === seed ? 'chosen' : undefined;
  if (each.refused !== undefined) return 'refused';
  return each.learningRate === learningRate ? 'chosen' : undefined;
}

function nameOf(each: Tuned['grid'][number]): string {
  return each.kind === 'seed' ? `seed ${each.seed}` : `rate ${each.learningRate}`;
}
