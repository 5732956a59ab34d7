/** @file The figures of an evidence study, for its folder and its view. */
import type { HeatMap } from '../chart/heat-map.tsx';
import type { IntervalChart, IntervalRow } from '../chart/interval-chart.tsx';
import type { LineChart, Point, Series } from '../chart/line-chart.tsx';
import type { Estimate, EvidenceTask } from './evidence-result.ts';

/** A chart of a task, and the end of the name of its file. */
export type EvidenceChart =
  | { readonly name: string; readonly kind: 'interval'; readonly chart: IntervalChart }
  | { readonly name: string; readonly kind: 'line'; readonly chart: LineChart }
  | { readonly name: string; readonly kind: 'heat'; readonly chart: HeatMap };

const ZERO = { value: 0, name: '0' };

/** Every figure of a task that has something to show. */
export function evidenceCharts(task: EvidenceTask): readonly EvidenceChart[] {
  const { name, curves, matrix } = task;
  const charts: EvidenceChart[] = [
    { name: 'ladder', kind: 'interval', chart: ladderChart(task) },
    { name: 'partition', kind: 'interval', chart: partitionChart(task) },
    { name: 'shared', kind: 'interval', chart: sharedChart(task) },
    { name: 'behaviour', kind: 'line', chart: behaviourChart(task) },
    {
      name: 'layers',
      kind: 'line',
      chart: {
        title: `${name}: similarity and shared variation by layer`,
        note: '95 % intervals over sets of demonstrations and rows; 0 where two changes are unrelated',
        x: 'layer',
        y: 'R',
        panels: LAYER_PANELS.map(([title, key]) => ({
          name: title,
          y: key === 'S' ? 'S' : 'R',
          baseline: { value: 0, name: 'unrelated' },
          series: [{ name: title, points: curves.layers.map(each => point(each.layer, each[key])) }],
        })),
      },
    },
  ];
  if (matrix.some(row => row.some(cell => cell !== null))) {
    charts.push({
      name: 'matrix',
      kind: 'heat',
      chart: {
        title: `${name}: similarity of each in-context update with each finetuned one`,
        note: 'The diagonal has the same demonstrations on both sides',
        x: 'finetuned on set',
        y: 'in context',
        value: 'S',
        rows: matrix,
        columnNames: matrix.map((_, i) => String(i + 1)),
        rowNames: matrix.map((_, i) => String(i + 1)),
      },
    });
  }
  if (curves.rate.length > 0) {
    const sized = curves.rate.flatMap(each =>
      each.size === null || each.size <= 0 ? [] : [{ ...each, size: each.size }],
    );
    charts.push({
      name: 'rate',
      kind: 'line',
      chart: rateChart(
        name,
        'rate',
        curves.rate.map(each => ({ ...each, x: each.multiple })),
      ),
    });
    if (sized.length > 0) {
      charts.push({
        name: 'size',
        kind: 'line',
        chart: rateChart(
          name,
          'size',
          sized.map(each => ({ ...each, x: each.size })),
        ),
      });
    }
  }
  if (curves.shots.length > 0) {
    charts.push({
      name: 'shots',
      kind: 'line',
      chart: {
        title: `${name}: similarity and explained shift by the number of demonstrations`,
        note: '95 % intervals over sets of demonstrations and rows',
        x: 'demonstrations',
        y: 'S',
        panels: [
          {
            name: 'S: similarity of updates over the number of demonstrations',
            baseline: ZERO,
            series: [
              line(
                'S',
                curves.shots.map(each => point(each.shots, each.S)),
              ),
            ],
          },
          {
            name: 'E: explained shift of answers over the number of demonstrations',
            y: 'E',
            baseline: { value: 0, name: 'doing nothing' },
            series: [
              line(
                'E',
                curves.shots.map(each => point(each.shots, each.shift)),
              ),
            ],
          },
        ],
      },
    });
  }
  return charts.filter(hasNumbers);
}

const LAYER_PANELS = [
  ['S: similarity of updates by layer', 'S'],
  ['R of demonstrations by layer', 'demonstrations'],
  ['R of labels by layer', 'labels'],
  ['R of order by layer', 'order'],
  ['R of the query by layer', 'query'],
] as const;

const VARIANTS: Readonly<Record<string, string>> = {
  same: 'the same demonstrations',
  other: 'other demonstrations',
  labels: 'shuffled labels',
  order: 'another order',
  tokens: 'shuffled tokens',
  task: 'another task',
  random: 'a random step',
  nudged: 'a rate a millionth higher',
  batch: 'one step with all',
  'layer-causal': 'layer-causal steps',
  unmatched: 'the same, at the unmatched rate',
};

/** An arm in words: `rate-4` -> rate times 4. */
export function armName(arm: string): string {
  const [, untrained, variant] = /^(untrained-)?(.*)$/.exec(arm)!;
  const name = VARIANTS[variant!] ?? variant!.replace(/^rate-/, 'rate times ').replace(/^shots-/, 'demonstrations: ');
  return `${untrained === undefined ? '' : 'untrained: '}${name}`;
}

const CEILINGS = [
  ['inContextOrder', 'in context, another order'],
  ['inContextOther', 'in context, other demonstrations'],
  ['finetunedOrder', 'finetuned, another order'],
  ['finetunedOther', 'finetuned, other demonstrations'],
  ['rate4', 'finetuned, four times the rate'],
  ['numerical', 'finetuned, a rate a millionth higher'],
] as const;

const ARMS = 'in-context with finetuned';

/** S of every arm with its interval, from the lowest, and what each side reproduces of itself. */
function ladderChart({ name, ladder, ceiling, permutedRows }: EvidenceTask): IntervalChart {
  const steps = ladder.map(({ model, inContext, finetuned, S, size }): IntervalRow => {
    const of = inContext === 'same' ? '' : `, in context ${armName(inContext)}`;
    return {
      name: `${armName(model === 'untrained' ? `untrained-${finetuned}` : finetuned)}${of}`,
      group: ARMS,
      detail: size === null ? undefined : `size ρ ${Number(size.toPrecision(3))}`,
      ...boundsOf(S),
    };
  });
  const value = (row: IntervalRow) => row.value ?? Number.NEGATIVE_INFINITY;
  return {
    title: `${name}: similarity of in-context and finetuned updates, finetuned on ...`,
    note: '95 % intervals over sets of demonstrations and rows; each panel has its own scale',
    x: 'S: mean cosine of the updates',
    separate: true,
    rows: [
      ...steps.toSorted((a, b) => value(a) - value(b)),
      ...CEILINGS.map(
        ([key, title]): IntervalRow => ({ name: title, group: 'with itself: the ceiling', ...boundsOf(ceiling[key]) }),
      ).filter(row => row.value !== null),
    ],
    baselines: [
      ZERO,
      ...(permutedRows.value === null ? [] : [{ value: permutedRows.value, name: 'other rows', group: ARMS }]),
    ],
  };
}

function partitionChart({ name, partition, explained }: EvidenceTask): IntervalChart {
  return {
    title: `${name}: parts of the similarity, and of the in-context update that each explains`,
    note: 'The four parts add up to the pooled cosine; the null of demonstration and interaction is 0. Each panel has its own scale',
    x: 'part or share',
    separate: true,
    rows: [
      ...(['generic', 'demonstration', 'query', 'interaction'] as const).map(
        (part): IntervalRow => ({ name: part, group: 'part of the cosine', ...boundsOf(partition[part]) }),
      ),
      { name: 'one constant vector', group: 'explained share', ...boundsOf(explained.constant) },
      { name: 'the finetuned update', group: 'explained share', ...boundsOf(explained.finetuning) },
    ],
    baselines: [ZERO],
  };
}

function sharedChart({ name, shared }: EvidenceTask): IntervalChart {
  return {
    title: `${name}: shared variation R, by what is changed on both sides`,
    note: '0 where the two changes are unrelated, whatever both updates have in common',
    x: 'R',
    rows: (['demonstrations', 'tokens', 'labels', 'order', 'task', 'query'] as const).map(key => ({
      name: key,
      ...boundsOf(shared[key]),
    })),
    baselines: [ZERO],
  };
}

/** Up to where the axis of E is linear. */
const LINEAR_TO = 0.25;

/** S against E over the finetuned arms. */
function behaviourChart({ name, ladder, behaviour }: EvidenceTask): LineChart {
  const points = ladder.flatMap(({ model, inContext, finetuned, S }): readonly (Point & { readonly of: string })[] => {
    const key = model === 'untrained' ? `untrained-${finetuned}` : finetuned;
    const shift = behaviour.shift[key];
    if (inContext !== 'same' || S.value === null || shift?.value == null) return [];
    const of = model === 'untrained' ? 'untrained model' : key === 'same' ? 'same demonstrations' : 'other arms';
    return [{ ...point(S.value, shift), name: armName(key), of }];
  });
  return {
    title: `${name}: explained shift of the answers over the similarity of the updates, by arm`,
    note: `E is 1 for the answers of in-context learning, and 0 for those of zero-shot. Its axis is linear within ±${LINEAR_TO} and logarithmic beyond`,
    x: 'S',
    y: 'E',
    marks: 'dots',
    scaleY: 'symmetric-log',
    threshold: LINEAR_TO,
    panels: [
      {
        series: ['same demonstrations', 'other arms', 'untrained model'].map(of => ({
          name: of,
          points: points.filter(each => each.of === of),
        })),
        baseline: { value: 0, name: 'doing nothing' },
      },
    ],
  };
}

function rateChart(
  name: string,
  over: 'rate' | 'size',
  points: readonly ({ readonly x: number } & Readonly<Record<'same' | 'other' | 'shift', Estimate>>)[],
): LineChart {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  const short = over === 'rate' ? 'rate' : 'size';
  const of = (key: 'same' | 'other' | 'shift') => sorted.map(each => point(each.x, each[key]));
  return {
    title: `${name}: similarity and explained shift over the ${over === 'rate' ? 'learning rate' : 'size of the update'}`,
    note: '95 % intervals over sets of demonstrations and rows',
    x: over === 'rate' ? 'multiple of the rate' : 'ρ: size of the finetuned update over the in-context one',
    y: 'S',
    scaleX: 'log',
    panels: [
      {
        name: `S: similarity of updates over the ${short}`,
        baseline: ZERO,
        series: [
          line('the same demonstrations', of('same')),
          { ...line('other demonstrations', of('other')), tone: 'baseline' },
        ],
      },
      {
        name: `E: explained shift of answers over the ${short}`,
        y: 'E',
        baseline: { value: 0, name: 'doing nothing' },
        series: [line('E', of('shift'))],
      },
    ],
  };
}

function line(name: string, points: readonly Point[]): Series {
  return { name, points };
}

function point(x: number, { value, low, high }: Estimate): Point {
  return { x, y: value, low, high };
}

function boundsOf({ value, low, high, why }: Estimate): Pick<IntervalRow, 'value' | 'low' | 'high' | 'why'> {
  return { value, low, high, why };
}

function hasNumbers(each: EvidenceChart): boolean {
  switch (each.kind) {
    case 'interval':
      return each.chart.rows.some(({ value }) => value !== null);
    case 'line':
      return each.chart.panels.some(({ series }) => series.some(({ points }) => points.some(({ y }) => y !== null)));
    case 'heat':
      return true;
  }
}
