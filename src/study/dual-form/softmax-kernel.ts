import { cosine } from '../../metric/cosine.ts';
import { computePrefix } from '../../model/prefix.ts';
import type { Series } from '../../report/chart/line-chart.tsx';
import { type KeysAndValues, mapOf, softmaxAttention } from '../../theory/attention-head.ts';
import { drawFrom } from '../../theory/draw.ts';
import { scaled, times, type Vector } from '../../theory/matrix.ts';
import {
  checkSoftmaxKernel,
  kernelAttention,
  kernelExample,
  kernelHead,
  randomFeatures,
  relativeError,
  seriesAttention,
} from '../../theory/softmax-kernel.ts';
import { meanOf } from '../means.ts';
import { type Chapter, type ChapterContext, type Finding, rounded, type Table, workOfPasses } from './chapter.ts';
import { readHeads, readPrefix, whyNoMaps } from './heads.ts';
import { joinTokens } from './keys-and-values.ts';

const ORDERS = [1, 2, 4, 8] as const;
const FEATURES = [16, 256, 4096] as const;
/** Largest score of the random heads. */
const SIZES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8] as const;
/** Random heads of each size. */
const HEADS = 20;
const QUERIES = 2;

/**
 * Chapter 5: errors of the approximations of a head, by the size of its scores and in the model.
 */
export const softmaxKernel: Chapter = {
  title: 'softmax attention as a kernel, and what approximates it',
  work: prepared => {
    const P = prepared.sequences.prefixTokens.length;
    const queries = prepared.sequences.queries.slice(0, QUERIES);
    return workOfPasses(prepared, [{ T: P, P: 0 }, ...queries.map(({ tokens }) => ({ T: tokens.length, P }))]);
  },
  compute: async context => {
    const { seed, prepared } = context;
    const bySize = SIZES.map(size => errorsAtSize(seed, size));
    const names = Object.keys(bySize[0]!);
    const why = whyNoMaps(prepared.decoder, prepared.sequences.shots);
    const onModel = why === undefined ? await errorsInModel(context) : undefined;
    const overLayers = (read: (layer: LayerErrors) => number) => rounded(meanOf(onModel!.map(read)));
    const findings: readonly Finding[] =
      onModel === undefined
        ? [{ what: 'errors in the heads of the model', value: null, why: why! }]
        : [
            {
              what: 'standard deviation of the scores of a head of the model, mean over layers',
              value: overLayers(({ spread }) => spread),
            },
            ...ORDERS.map((order, i) => ({
              what: `median relative error of order ${order}, mean over layers`,
              value: overLayers(({ byOrder }) => byOrder[i]!),
            })),
            {
              what: 'median relative error of the relaxed head at its best scale, mean over layers',
              value: overLayers(({ relaxed }) => relaxed),
            },
          ];
    const tables: Table[] = [
      {
        title: `Mean relative error by the largest score (${HEADS} random heads each)`,
        columns: ['largest score', ...names],
        rows: SIZES.map((size, i) => [size, ...names.map(name => rounded(bySize[i]![name]!))]),
      },
    ];
    if (onModel !== undefined) {
      tables.push({
        title: 'Each layer of the model: median relative error over heads and queries',
        columns: [
          'layer',
          'deviation of the scores',
          ...ORDERS.map(order => `order ${order}`),
          'relaxed head, best scale',
        ],
        rows: onModel.map(({ spread, byOrder, relaxed }, layer) => [
          layer,
          ...[spread, ...byOrder, relaxed].map(rounded),
        ]),
      });
    }
    return {
      checks: checkSoftmaxKernel(seed),
      findings,
      tables,
      figure: {
        title: 'Softmax attention and what approximates it',
        x: 'largest score',
        y: 'relative error',
        scaleX: 'log',
        scaleY: 'log',
        panels: [
          {
            baseline: { value: 1, name: 'as large as the output itself' },
            series: names.map(
              (name): Series => ({
                name,
                dashed: name.startsWith('random'),
                points: SIZES.map((size, i) => ({ x: size, y: bySize[i]![name]! })),
              }),
            ),
          },
        ],
      },
    };
  },
};

/** Mean relative errors over random heads whose largest score is `size`. */
function errorsAtSize(seed: number, size: number): Readonly<Record<string, number>> {
  const heads = Array.from({ length: HEADS }, (_, i) => {
    const { tokens, query, width } = kernelExample(seed + i);
    const scores = times(tokens.keys, query);
    const q = scaled(query, size / Math.max(...scores.map(Math.abs)));
    const exact = softmaxAttention(tokens, q, 1);
    const byFeatures = FEATURES.map(count => {
      // Query and key get equal sizes: the variance of the estimate grows with both.
      const share = Math.sqrt(size);
      const split = { keys: { ...tokens.keys, data: scaled(tokens.keys.data, share) }, values: tokens.values };
      const features = randomFeatures(drawFrom(seed + i, 5, count).matrix(count, width));
      return kernelAttention(kernelHead(split, features), features, scaled(q, 1 / share));
    });
    return [
      relaxedError(tokens, q, exact),
      ...ORDERS.map(order => relativeError(seriesAttention(tokens, q, 1, order), exact)),
      ...byFeatures.map(approximation => relativeError(approximation, exact)),
    ];
  });
  const names = [
    'relaxed head (eq. 11), best scale',
    ...ORDERS.map(order => (order === 1 ? 'order 1: centred linear attention' : `order ${order}`)),
    ...FEATURES.map(count => `random features, ${count}`),
  ];
  return Object.fromEntries(names.map((name, i) => [name, meanOf(heads.map(errors => errors[i]!))]));
}

/** Relative error of sum_i v_i (k_i^T q) at its best scale: sqrt(1 - cos^2). */
function relaxedError(tokens: KeysAndValues, query: Vector, exact: Vector): number {
  const cos = cosine(times(mapOf(tokens), query), exact) ?? 0;
  return Math.sqrt(Math.max(0, 1 - cos * cos));
}

interface LayerErrors {
  /** Mean standard deviation of the scores of a head. */
  readonly spread: number;
  readonly byOrder: readonly number[];
  readonly relaxed: number;
}

async function errorsInModel({ prepared, model, report }: ChapterContext): Promise<readonly LayerErrors[]> {
  const { sequences, decoder } = prepared;
  const loaded = await model();
  const prefix = await computePrefix(loaded, sequences.prefixTokens, loaded.pretrained);
  const left = await readPrefix(loaded, prefix);
  const queries = sequences.queries.slice(0, QUERIES);
  const found = Array.from({ length: decoder.layers }, () => [] as { spread: number; errors: readonly number[] }[]);
  for (const [i, { tokens }] of queries.entries()) {
    report('approximating the heads at queries', i, queries.length);
    const heads = await readHeads(loaded, {
      tokens,
      start: prefix.tokens.length,
      prefix,
      projections: loaded.pretrained,
      changed: loaded.pretrained,
    });
    for (const [layer, ofLayer] of heads.query.entries()) {
      const groups = left[layer]!.map((ofPrefix, g) => joinTokens(ofPrefix, heads.own[layer]![g]!));
      for (const [head, query] of ofLayer.entries()) {
        const all = groups[Math.floor((head * groups.length) / ofLayer.length)]!;
        const exact = softmaxAttention(all, query, 1);
        found[layer]!.push({
          spread: deviation(times(all.keys, query)),
          errors: [
            ...ORDERS.map(order => relativeError(seriesAttention(all, query, 1, order), exact)),
            relaxedError(all, query, exact),
          ],
        });
      }
    }
  }
  return found.map(ofLayer => {
    const errors = Array.from({ length: ORDERS.length + 1 }, (_, i) => median(ofLayer.map(head => head.errors[i]!)));
    return {
      spread: meanOf(ofLayer.map(({ spread }) => spread)),
      byOrder: errors.slice(0, -1),
      relaxed: errors.at(-1)!,
    };
  });
}

function deviation(values: Vector): number {
  const centre = meanOf([...values]);
  return Math.sqrt(meanOf([...values].map(x => (x - centre) ** 2)));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
