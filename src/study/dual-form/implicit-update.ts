import { requireTensor } from '../../checkpoint/checkpoint.ts';
import type { LoadedModel } from '../../model/loaded-model.ts';
import { names } from '../../model/names.ts';
import { computePrefix, extendPrefix, type Prefix } from '../../model/prefix.ts';
import type { LineChart } from '../../report/chart/line-chart.tsx';
import { checked } from '../../theory/check.ts';
import {
  blockExample,
  checkImplicitUpdate,
  implicitUpdate,
  type RankOne,
  sizeOf,
} from '../../theory/implicit-update.ts';
import { dot, norm, type Vector } from '../../theory/matrix.ts';
import { relativeError } from '../../theory/softmax-kernel.ts';
import { meanOf } from '../means.ts';
import {
  type Chapter,
  type ChapterContext,
  type ChapterResult,
  type Finding,
  rounded,
  type Table,
  workOfPasses,
} from './chapter.ts';
import {
  feedForwardNames as its,
  type LayerUpdate,
  type Readings,
  readPatched,
  readStreams,
  solveUpdates,
  vectorOf,
} from './layer-updates.ts';

/** Rounding of float32 through all layers, as a share of what is compared. */
const FLOAT32 = 2e-5;
/**
 * The same relative to the change by the demonstrations. Without a change it is NaN, which does not
 * pass.
 */
const OF_CHANGE = 1e-4;
/**
 * Queries at which layers are compared. Demonstrations are added one by one before the first query.
 */
const QUERIES = 4;
/** Layers in the figure. */
const SHOWN_LAYERS = 5;

/** Chapter 4: demonstrations as a rank-one change of each layer's feed-forward. */
export const implicitUpdates: Chapter = {
  title: 'a context as a rank-one change of the feed-forward behind it',
  work: prepared => {
    const { prefixTokens, demonstrations, queries } = prepared.sequences;
    const P = prefixTokens.length;
    const three = (T: number, P: number) => [
      { T, P },
      { T: T + 1, P: 0 },
      { T: T + 1, P: 0 },
    ];
    const [first] = queries;
    return workOfPasses(prepared, [
      { T: P, P: 0 },
      { T: P, P: 0 },
      ...queries.slice(0, QUERIES).flatMap(({ tokens: { length: T } }) => [...three(T, P), { T, P: 1 }]),
      ...demonstrations.flatMap(({ start, tokens }) => three(first!.tokens.length, start + tokens.length)),
    ]);
  },
  compute: async context => {
    const { decoder, checkpoint, sequences } = context.prepared;
    const checks = checkImplicitUpdate(context.seed);
    const why =
      decoder.feedForward === undefined
        ? `the feed-forward of ${checkpoint.name} (${decoder.family}) does not read what its attention leaves`
        : sequences.shots === 0
          ? 'no demonstrations'
          : undefined;
    if (why !== undefined) {
      const findings: Finding[] = [{ what: 'size of the update of a layer', value: null, why }];
      return { checks, findings, tables: [], figure: toyFigure(context.seed) };
    }
    const onModel = await computeOnModel(context);
    return { ...onModel, checks: [...checks, ...onModel.checks] };
  },
};

async function computeOnModel(context: ChapterContext): Promise<ChapterResult> {
  const { prepared, report } = context;
  const { sequences, plan } = prepared;
  const model = await context.model();
  const layers = Array.from({ length: model.decoder.layers }, (_, layer) => layer);
  const queries = sequences.queries.slice(0, QUERIES).map(query => query.tokens);
  const sizes = await matrixSizes(model);

  const prefix = await computePrefix(model, sequences.prefixTokens, model.pretrained);
  const zeroShot = await computePrefix(model, [plan.bos], model.pretrained);
  const compared: {
    readonly within: Readings;
    readonly patched: Readings;
    readonly without: Readings;
    readonly updates: readonly LayerUpdate[];
  }[] = [];
  for (const [i, query] of queries.entries()) {
    report('solving for the updates of a query', i, queries.length);
    const within = await readStreams(model, prefix, query);
    const sequence = [plan.bos, ...query];
    const { updates, feeds } = await solveUpdates(model, sequence, within);
    const patched = await readPatched(model, sequence, feeds);
    const without = await readStreams(model, zeroShot, query);
    compared.push({ within, patched, without, updates });
  }
  const errors = (name: string, of: 'patched' | 'without') =>
    compared.map(({ within, [of]: other }) => relativeError(vectorOf(other, name), vectorOf(within, name)));
  const error = (name: string) => Math.max(...errors(name, 'patched'));
  const ofChange = (name: string) =>
    Math.max(...errors(name, 'patched').map((patched, i) => patched / errors(name, 'without')[i]!));
  const perLayer = layers.map(layer => ({
    error: error(its.output(layer)),
    ofChange: ofChange(its.output(layer)),
    effect: meanOf(errors(its.output(layer), 'without')),
    size: meanOf(compared.map(({ updates }) => sizeWithin(updates[layer]!, sizes[layer]!))),
    bias: meanOf(
      compared.map(({ updates, within }) => norm(updates[layer]!.bias) / norm(vectorOf(within, its.stream(layer)))),
    ),
  }));

  const growth = await growing(context, model, queries[0]!, vectorOf(compared[0]!.without, names.logits), sizes);
  const last = growth.at(-1)!;
  const tables: Table[] = [
    {
      title: 'Each layer with all demonstrations',
      columns: [
        'layer',
        'output, patched without demonstrations: largest error',
        'unpatched: mean difference',
        'size of dW against W',
        'size of db against the stream',
      ],
      rows: perLayer.map(({ error, effect, size, bias }, layer) => [
        layer,
        Number(error.toPrecision(2)),
        ...[effect, size, bias].map(rounded),
      ]),
    },
    {
      title: 'Mean over layers as demonstrations are added',
      columns: ['demonstrations', 'size of dW against W', 'change of dW by the last one', 'error of the logits'],
      rows: growth.map(({ size, step, error }, n) => [
        n,
        rounded(meanOf(size)),
        n === 0 ? null : rounded(meanOf(step)),
        Number(error.toPrecision(2)),
      ]),
    },
  ];
  return {
    checks: [
      checked(
        `${model.checkpoint.name}: output of every layer with demonstrations = with the patched weights without them, relative`,
        Math.max(...perLayer.map(({ error }) => error)),
        FLOAT32,
      ),
      checked(`${model.checkpoint.name}: the same of the logits`, error(names.logits), FLOAT32),
      checked(
        `${model.checkpoint.name}: the same of the logits after each further demonstration`,
        Math.max(...growth.map(({ error }) => error)),
        FLOAT32,
      ),
      checked(
        `${model.checkpoint.name}: each of these errors as a share of what the demonstrations change`,
        Math.max(
          ofChange(names.logits),
          ...perLayer.map(({ ofChange }) => ofChange),
          ...growth.slice(1).map(({ error, change }) => error / change),
        ),
        OF_CHANGE,
      ),
    ],
    findings: [
      {
        what: 'relative difference of the logits, with demonstrations against without and unpatched',
        value: rounded(meanOf(errors(names.logits, 'without'))),
      },
      { what: 'size of dW against W with all demonstrations, mean over layers', value: rounded(meanOf(last.size)) },
      {
        what: 'the same with one demonstration',
        value: rounded(meanOf(growth[1]!.size)),
      },
      { what: 'change of dW by the last demonstration, mean over layers', value: rounded(meanOf(last.step)) },
      {
        what: 'size of db against the residual stream, mean over layers',
        value: rounded(meanOf(perLayer.map(({ bias }) => bias))),
      },
    ],
    tables,
    figure: {
      title: `Updates of ${model.checkpoint.name} as demonstrations of ${plan.task.name} are added`,
      x: 'demonstrations',
      y: 'size against W',
      ordered: true,
      panels: [
        {
          name: 'dW',
          series: shown(layers).map(layer => ({
            name: `layer ${layer}`,
            points: growth.map(({ size }, n) => ({ x: n, y: size[layer]! })),
          })),
        },
        {
          name: 'change of dW by the last demonstration',
          series: shown(layers).map(layer => ({
            name: `layer ${layer}`,
            points: growth.slice(1).map(({ step }, n) => ({ x: n + 1, y: step[layer]! })),
          })),
        },
      ],
    },
  };
}

/** Sizes of the updates before one query with 0, 1, ... demonstrations, against W, by layer. */
async function growing(
  { prepared: { sequences, plan }, report }: ChapterContext,
  model: LoadedModel,
  query: readonly number[],
  without: Vector,
  sizes: readonly (readonly number[])[],
) {
  const ends = [...sequences.demonstrations.map(({ start }) => start), sequences.prefixTokens.length];
  const growth: {
    readonly size: readonly number[];
    readonly step: readonly number[];
    readonly error: number;
    readonly change: number;
  }[] = [];
  let prefix: Prefix | undefined;
  let before: readonly LayerUpdate[] | undefined;
  for (const [n, end] of ends.entries()) {
    report('adding demonstrations', n, ends.length);
    const tokens = sequences.prefixTokens.slice(prefix?.tokens.length ?? 0, end);
    prefix =
      prefix === undefined
        ? await computePrefix(model, tokens, model.pretrained)
        : await extendPrefix(model, prefix, tokens, model.pretrained, 'adding a demonstration');
    const within = await readStreams(model, prefix, query);
    const sequence = [plan.bos, ...query];
    const { updates, feeds } = await solveUpdates(model, sequence, within);
    const patched = await readPatched(model, sequence, feeds);
    const earlier = before;
    const logits = vectorOf(within, names.logits);
    growth.push({
      size: updates.map((update, layer) => sizeWithin(update, sizes[layer]!)),
      step: updates.map((update, layer) =>
        earlier === undefined ? 0 : stepWithin(earlier[layer]!, update, sizes[layer]!),
      ),
      error: relativeError(vectorOf(patched, names.logits), logits),
      change: relativeError(without, logits),
    });
    before = updates;
  }
  return growth;
}

/** |W| of each layer's first maps. */
async function matrixSizes({ decoder, checkpoint, runtime }: LoadedModel): Promise<readonly (readonly number[])[]> {
  const sizes: number[][] = [];
  for (const maps of decoder.feedForward!) {
    const handles = await runtime.load(maps.map(({ name }) => requireTensor(checkpoint, `${name}.weight`)));
    const matrices = await Promise.all(handles.map(handle => runtime.download(handle)));
    sizes.push(matrices.map(({ data }) => norm(Float64Array.from(data))));
    await runtime.release(handles);
  }
  return sizes;
}

/** |dW| / |W|, mean over the first maps. */
function sizeWithin({ first }: LayerUpdate, sizes: readonly number[]): number {
  return meanOf(first.map((update, map) => sizeOf(update) / sizes[map]!));
}

/** |dW' - dW| / |W|, mean over the first maps. */
function stepWithin(before: LayerUpdate, after: LayerUpdate, sizes: readonly number[]): number {
  return meanOf(after.first.map((update, map) => distance(before.first[map]!, update) / sizes[map]!));
}

/**
 * |a b^T - c d^T|: the inner product of two matrices of rank one is the product of those of their
 * sides.
 */
function distance(a: RankOne, b: RankOne): number {
  const inner = (u: RankOne, v: RankOne) => dot(u.left, v.left) * dot(u.right, v.right);
  return Math.sqrt(Math.max(0, inner(a, a) - 2 * inner(a, b) + inner(b, b)));
}

/** Some layers from first to last. */
function shown(layers: readonly number[]): readonly number[] {
  const last = layers.length - 1;
  const count = Math.min(SHOWN_LAYERS, layers.length);
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * last) / (count - 1))));
}

/** For models without such layers: the updates of a block with random weights. */
function toyFigure(seed: number): LineChart {
  const { gated, attended, contextLength } = blockExample(seed);
  const points = Array.from({ length: contextLength + 1 }, (_, count) => {
    const [update] = implicitUpdate(gated, attended(0), attended(count)).first as [RankOne, RankOne];
    return { x: count, y: sizeOf(update) };
  });
  const panels = [{ series: [{ name: 'gate', points }] }];
  return { title: 'Update of a random block', x: 'context tokens', y: 'size of dW', panels };
}
