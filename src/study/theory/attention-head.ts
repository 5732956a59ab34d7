import { stepFlops } from '../../experiment/work.ts';
import { cosine } from '../../metric/cosine.ts';
import type { Decoder } from '../../model/decoder.ts';
import type { KeyValue, LoadedModel } from '../../model/loaded-model.ts';
import { computeMemory, emptyMemory } from '../../model/memory.ts';
import { lineChart, type Series } from '../../report/line-chart.ts';
import { finetune } from '../../setting/finetune.ts';
import { meanWithInterval, pairedT } from '../../statistics/paired-t.ts';
import { buildSequences } from '../../task/sequence.ts';
import {
  checkAttentionHead,
  finetuningUpdate,
  type KeysAndValues,
  mapOf,
  softmaxAttention,
} from '../../theory/attention-head.ts';
import { checked } from '../../theory/check.ts';
import { drawFrom } from '../../theory/draw.ts';
import { type Matrix, minus, norm, sum, times } from '../../theory/matrix.ts';
import { relativeError } from '../../theory/softmax-kernel.ts';
import {
  type Chapter,
  type ChapterResult,
  type Finding,
  mean,
  rounded,
  type Workplace,
  workOfPasses,
} from './chapter.ts';
import { readHeads, readMemory } from './heads.ts';
import { centred, joinTokens, mispaired, tokensFrom } from './keys-and-values.ts';
import { rankOf } from './rank.ts';

/** Rounding of float32 in keys, queries and softmax, as a share of what a head gives. */
const FLOAT32 = 1e-4;
/** Queries behind the demonstrations; everything that depends on them is a mean over them. */
const QUERIES = 8;
/** Of the random steps and matrices. */
const BASELINE = 1;

/** Chapter 2: the head without its softmax, in theory and in the model. */
export const attentionHead: Chapter = {
  title: 'an attention head without softmax is a weight matrix with an update for each demonstration',
  work: prepared => {
    const { decoder, sequences } = prepared;
    const P = sequences.memoryTokens.length;
    const passes = sequences.queries
      .slice(0, QUERIES)
      .flatMap(({ tokens: { length: T } }) => [
        { T, P },
        ...Array<{ T: number; P: number }>(4).fill({ T: T + 1, P: 0 }),
      ]);
    const read = workOfPasses(prepared, [{ T: P, P: 0 }, { T: P, P: 0 }, ...passes]);
    // Both sets of demonstrations, taken to be of one length.
    const steps = sequences.finetuning.map(({ length }) => length);
    return {
      tokens: read.tokens + 2 * steps.reduce((sum, T) => sum + T, 0),
      flops: read.flops + 2 * steps.reduce((sum, T) => sum + stepFlops(decoder, T), 0),
    };
  },
  compute: async workplace => {
    const checks = checkAttentionHead(workplace.seed);
    const why = whyNoMaps(workplace.prepared.decoder, workplace.prepared.sequences.shots);
    if (why === undefined) {
      const onModel = await computeOnModel(workplace);
      return { ...onModel, checks: [...checks, ...onModel.checks] };
    }
    const findings = [{ what: 'dW_icl of the heads of the model', value: null, why }];
    return { checks, findings, tables: [], figure: null };
  },
};

/** Why the scores of a model's heads are more than products of queries and keys; undefined when they are not. */
export function whyNoMaps({ finishScores, window, momentum, family }: Decoder, shots: number): string | undefined {
  if (shots === 0) return 'no demonstrations';
  if (finishScores) return `${family} changes the products of queries and keys before the softmax`;
  if (window) return `some layers of ${family} see the recent tokens alone`;
  if (momentum) return `${family} adds a sum of values to what its heads attend to`;
  return undefined;
}

/** What is measured of a head for one query; cosines that are not defined are null. */
interface OfHead {
  /** cos(head, head without softmax), in context and zero-shot. */
  readonly dropped: number | null;
  readonly droppedZeroShot: number | null;
  /** cos(change of the head's output by the demonstrations, dW_icl q); the second with centred values. */
  readonly effect: number | null;
  readonly effectCentred: number | null;
  /** cos(dW_icl q, dW_ft q) */
  readonly onQuery: number | null;
}

/** What is measured of the maps of a key/value head, which its query heads share, for one query. */
interface OfMaps {
  /** |dW_icl| / |W_zsl|, |dW_ft| / |W_zsl| */
  readonly size: number;
  readonly sizeFinetuned: number;
  /** cos(dW_icl, W_zsl), cos(W_zsl, dW_ft) */
  readonly alongZeroShot: number | null;
  readonly zeroShotMatched: number | null;
  /** cos(dW_icl, dW_ft); then with centred values, and with all of the finetuned model in place of the layer's projections. */
  readonly matched: number | null;
  readonly centred: number | null;
  readonly throughout: number | null;
  /** What it is to be held against. */
  readonly mispaired: number | null;
  readonly otherDemonstrations: number | null;
  readonly randomStep: number | null;
  readonly randomMatrix: number | null;
  /** cos(dW_ft, dW_ft of other demonstrations) */
  readonly finetunedTwice: number | null;
}

/** Of a key/value head: what the demonstrations leave, whatever the query. */
interface DemonstrationMaps {
  readonly documentStart: Matrix;
  readonly update: Matrix;
  readonly centred: Matrix;
  readonly mispaired: Matrix;
}

async function computeOnModel(workplace: Workplace): Promise<ChapterResult> {
  const { prepared, seed, report } = workplace;
  const { plan, sequences, task, tokenizer, conventions, decoder } = prepared;
  const name = prepared.checkpoint.name;
  const { layers, heads, keyValueHeads } = decoder;
  const model = await workplace.model();
  const learningRate = plan.learningRate!;
  const others = buildSequences({
    task,
    tokenizer,
    ...conventions,
    shots: sequences.shots,
    seed: plan.seed + 1,
    context: decoder.context,
    limit: 1,
  });
  const steps = sequences.finetuning.length + others.finetuning.length;
  const trained = (of: typeof sequences, before: number) =>
    finetune(model, of.finetuning, {
      learningRate,
      onStep: step => report('finetuning, two sets of demonstrations', before + step, steps),
    });
  const { keyValue: finetuned } = await trained(sequences, 0);
  const { keyValue: finetunedOthers } = await trained(others, sequences.finetuning.length);
  await model.closeSession('gradient');
  const randomStep = await movedAtRandom(model, finetuned, seed);

  const memory = await computeMemory(model, sequences.memoryTokens, model.pretrained);
  const left = await readMemory(model, memory);
  const leftOthers = await readMemory(model, await computeMemory(model, others.memoryTokens, model.pretrained));
  const maps = left.map(layer => layer.map(mapsOf));
  const mapsOthers = leftOthers.map(layer => layer.map(tokens => mapOf(tokensFrom(tokens, 1))));

  const P = memory.tokens.length;
  const group = heads / keyValueHeads;
  const ofHeads = gathered<OfHead>(layers, heads);
  const ofMaps = gathered<OfMaps>(layers, keyValueHeads);
  const ranksFinetuned: number[] = [];
  let recomputed = 0;
  const queries = sequences.queries.slice(0, QUERIES);
  for (const [i, { tokens }] of queries.entries()) {
    report('reading the heads behind queries', i, queries.length);
    // The document start directly before the query, both where they stand in context: all maps are read in one frame of positions.
    const alone = (keyValue: KeyValue, changed: KeyValue) =>
      readHeads(model, {
        tokens: [plan.documentStart, ...tokens],
        start: P - 1,
        memory: emptyMemory(decoder),
        keyValue,
        changed,
      });
    const zeroShot = await alone(model.pretrained, finetuned);
    const byOthers = await alone(model.pretrained, finetunedOthers);
    const byChance = await alone(model.pretrained, randomStep);
    const throughout = await alone(finetuned, finetuned);
    const within = await readHeads(model, {
      tokens,
      start: P,
      memory,
      keyValue: model.pretrained,
      changed: model.pretrained,
    });
    for (let layer = 0; layer < layers; layer++) {
      for (let g = 0; g < keyValueHeads; g++) {
        const { update, centred, mispaired, documentStart } = maps[layer]![g]!;
        const own = zeroShot.own[layer]![g]!;
        const W = mapOf(own);
        const dW = finetuningUpdate(own, zeroShot.changed[layer]![g]!);
        const dWOthers = finetuningUpdate(own, byOthers.changed[layer]![g]!);
        if (i === 0) ranksFinetuned.push(rankOf(dW).effective);
        const random = drawFrom(seed, BASELINE, layer, g, i).matrix(update.rows, update.columns);
        const cos = (a: Matrix, b: Matrix) => cosine(a.data, b.data);
        ofMaps.add(layer, g, {
          size: norm(update.data) / norm(W.data),
          sizeFinetuned: norm(dW.data) / norm(W.data),
          alongZeroShot: cos(update, W),
          zeroShotMatched: cos(W, dW),
          matched: cos(update, dW),
          centred: cos(centred, dW),
          throughout: cos(update, finetuningUpdate(own, throughout.own[layer]![g]!)),
          mispaired: cos(mispaired, dW),
          otherDemonstrations: cos(update, dWOthers),
          randomStep: cos(update, finetuningUpdate(own, byChance.changed[layer]![g]!)),
          randomMatrix: cos(random, dW),
          finetunedTwice: cos(dW, dWOthers),
        });
        const behind = within.own[layer]![g]!;
        const everything = joinTokens(left[layer]![g]!, behind);
        const relaxed = sum(sum(documentStart, update), mapOf(behind));
        for (let head = g * group; head < (g + 1) * group; head++) {
          const [query, queryAlone] = [within.query[layer]![head]!, zeroShot.query[layer]![head]!];
          const [given, before] = [within.attended[layer]![head]!, zeroShot.attended[layer]![head]!];
          recomputed = Math.max(recomputed, relativeError(softmaxAttention(everything, query, 1), given));
          ofHeads.add(layer, head, {
            dropped: cosine(given, times(relaxed, query)),
            droppedZeroShot: cosine(before, times(W, queryAlone)),
            effect: cosine(minus(given, before), times(update, query)),
            effectCentred: cosine(minus(given, before), times(centred, query)),
            onQuery: cosine(times(update, queryAlone), times(dW, queryAlone)),
          });
        }
      }
    }
  }
  const ranks = maps.map(layer => layer.map(({ update }) => rankOf(update)));
  const rankMean = (layer: number, of: 'numerical' | 'effective' | 'first') =>
    mean(ranks[layer]!.map(rank => rank[of]));
  const twice = maps.flatMap((layer, l) => layer.map(({ update }, g) => cosine(update.data, mapsOthers[l]![g]!.data)));

  const matched = ofMaps.each('matched');
  const interval = meanWithInterval(matched.filter(x => x !== null));
  const difference = pairedT(...pairs(matched, ofMaps.each('otherDemonstrations')));
  const gap = pairedT(...pairs(matched, ofMaps.each('mispaired')));
  const columns: readonly [string, (layer: number) => number | null][] = [
    ['numerical rank of dW_icl', l => rankMean(l, 'numerical')],
    ['effective rank of dW_icl', l => rankMean(l, 'effective')],
    ['size of dW_icl against W_zsl', l => ofMaps.layer(l, 'size')],
    ['cos(head, head without softmax)', l => ofHeads.layer(l, 'dropped')],
    ['the same, zero-shot', l => ofHeads.layer(l, 'droppedZeroShot')],
    ['cos(change of the head, dW_icl q)', l => ofHeads.layer(l, 'effect')],
    ['the same, values centred', l => ofHeads.layer(l, 'effectCentred')],
    ['cos(dW_icl, dW_ft)', l => ofMaps.layer(l, 'matched')],
    ['other demonstrations', l => ofMaps.layer(l, 'otherDemonstrations')],
    ['mispaired values', l => ofMaps.layer(l, 'mispaired')],
    ['values centred', l => ofMaps.layer(l, 'centred')],
    ['cos(dW_ft, dW_ft of other demonstrations)', l => ofMaps.layer(l, 'finetunedTwice')],
  ];
  return {
    checks: [
      checked(
        `${name}: softmax attention to the keys and values that were read = what the heads give, relative`,
        recomputed,
        FLOAT32,
      ),
    ],
    findings: [
      finding('numerical rank of dW_icl, mean over heads', mean(ranks.flat().map(rank => rank.numerical))),
      finding('effective rank of dW_icl', mean(ranks.flat().map(rank => rank.effective))),
      finding('share of |dW_icl|^2 in its largest singular value', mean(ranks.flat().map(rank => rank.first))),
      finding('size of dW_icl against W_zsl', defined(ofMaps.each('size'))),
      finding('size of dW_ft against W_zsl', defined(ofMaps.each('sizeFinetuned'))),
      finding('effective rank of dW_ft', mean(ranksFinetuned)),
      finding('cos(dW_icl, W_zsl)', defined(ofMaps.each('alongZeroShot'))),
      finding('cos(head, head without softmax), in context', defined(ofHeads.each('dropped'))),
      finding('cos(head, head without softmax), zero-shot', defined(ofHeads.each('droppedZeroShot'))),
      finding('cos(change of the head by the demonstrations, dW_icl q)', defined(ofHeads.each('effect'))),
      finding('the same with centred values', defined(ofHeads.each('effectCentred'))),
      finding('cos(dW_icl, dW_ft)', defined(matched)),
      finding('cos(dW_icl, dW_ft): low end of its 95 % interval over key/value heads', interval?.low ?? null),
      finding('cos(dW_icl, dW_ft): high end', interval?.high ?? null),
      finding('baseline: dW_ft of other demonstrations', defined(ofMaps.each('otherDemonstrations'))),
      finding('baseline: values paired with keys of other tokens', defined(ofMaps.each('mispaired'))),
      finding('baseline: W_zsl in place of dW_icl', defined(ofMaps.each('zeroShotMatched'))),
      finding('baseline: a random step of the same size in place of finetuning', defined(ofMaps.each('randomStep'))),
      finding('baseline: a random matrix in place of dW_icl', defined(ofMaps.each('randomMatrix'))),
      finding('cos(dW_icl, dW_ft) above other demonstrations', difference?.difference ?? null),
      finding('p of no difference to other demonstrations (paired t over heads)', difference?.p ?? null),
      finding('cos(dW_icl, dW_ft) above mispaired values', gap?.difference ?? null),
      finding('p of no difference to mispaired values', gap?.p ?? null),
      finding('cos(dW_icl, dW_ft) with centred values', defined(ofMaps.each('centred'))),
      finding('cos(dW_icl, dW_ft) where finetuning also moved the hidden states', defined(ofMaps.each('throughout'))),
      finding('cos(dW_icl q, dW_ft q)', defined(ofHeads.each('onQuery'))),
      finding('for comparison: cos(dW_ft, dW_ft of other demonstrations)', defined(ofMaps.each('finetunedTwice'))),
      finding('for comparison: cos(dW_icl, dW_icl of other demonstrations)', defined(twice)),
      finding('|cos(dW_icl, dW_ft)| of a head', size(matched)),
      finding('baseline: the same with dW_ft of other demonstrations', size(ofMaps.each('otherDemonstrations'))),
      finding('baseline: the same with mispaired values', size(ofMaps.each('mispaired'))),
      finding('baseline: the same with W_zsl in place of dW_icl', size(ofMaps.each('zeroShotMatched'))),
      finding('baseline: the same with a random matrix', size(ofMaps.each('randomMatrix'))),
    ],
    tables: [
      {
        title: 'Each layer: means over heads and queries',
        columns: ['layer', ...columns.map(([column]) => column)],
        rows: ofMaps.layers('size').map((_, layer) => [layer, ...columns.map(([, of]) => roundedOrNull(of(layer)))]),
      },
      {
        title: 'cos(dW_icl, dW_ft) of every key/value head: means over queries',
        columns: ['layer', ...Array.from({ length: keyValueHeads }, (_, g) => `head ${g}`)],
        rows: Array.from({ length: layers }, (_, layer) => [
          layer,
          ...matched.slice(layer * keyValueHeads, (layer + 1) * keyValueHeads).map(roundedOrNull),
        ]),
      },
    ],
    figure: lineChart({
      title: `Heads of ${name} with ${sequences.shots} demonstrations of ${task.name}`,
      x: 'layer',
      y: 'cosine',
      baseline: 0,
      width: 860,
      series: [
        line('dropping the softmax', 'in context', ofHeads.layers('dropped')),
        line('dropping the softmax', 'zero-shot', ofHeads.layers('droppedZeroShot')),
        line('dW_icl q and what the head does', 'dW_icl', ofHeads.layers('effect')),
        line('dW_icl q and what the head does', 'values centred', ofHeads.layers('effectCentred')),
        line('dW_icl and dW_ft', 'dW_icl', ofMaps.layers('matched')),
        line('dW_icl and dW_ft', 'values centred', ofMaps.layers('centred')),
        line('dW_icl and dW_ft', 'dW_ft of other demonstrations', ofMaps.layers('otherDemonstrations'), true),
        line('dW_icl and dW_ft', 'mispaired values', ofMaps.layers('mispaired'), true),
      ],
    }),
  };
}

function mapsOf(tokens: KeysAndValues): DemonstrationMaps {
  const demonstrations = tokensFrom(tokens, 1);
  return {
    documentStart: mapOf(tokensFrom(tokens, 0, 1)),
    update: mapOf(demonstrations),
    centred: mapOf(centred(demonstrations)),
    mispaired: mapOf(mispaired(demonstrations)),
  };
}

/** Collects measures of heads over queries. */
function gathered<M extends Readonly<Record<keyof M, number | null>>>(layers: number, heads: number) {
  const all: M[][][] = Array.from({ length: layers }, () => Array.from({ length: heads }, () => []));
  const ofHead = (measures: readonly M[], key: keyof M) => defined(measures.map(m => m[key] as number | null));
  const layer = (l: number, key: keyof M) => defined(all[l]!.map(measures => ofHead(measures, key)));
  return {
    add: (l: number, head: number, measures: M) => all[l]![head]!.push(measures),
    /** Means over the queries, of every head. */
    each: (key: keyof M) => all.flatMap(heads => heads.map(measures => ofHead(measures, key))),
    /** Mean over the heads of a layer; of every layer. */
    layer,
    layers: (key: keyof M) => all.map((_, l) => layer(l, key)),
  };
}

/** The pretrained projections, each moved as far as finetuning moved it, but in a random direction. */
async function movedAtRandom(
  { pretrained, runtime }: LoadedModel,
  finetuned: KeyValue,
  seed: number,
): Promise<KeyValue> {
  const moved: Record<string, KeyValue[string]> = {};
  for (const [i, name] of Object.keys(pretrained).entries()) {
    const from = await runtime.download(pretrained[name]!);
    const to = await runtime.download(finetuned[name]!);
    const step = norm(Float64Array.from(to.data, (x, at) => x - from.data[at]!));
    const direction = drawFrom(seed, BASELINE, i).vector(from.data.length);
    const scale = step / norm(direction);
    const data = Float32Array.from(from.data, (x, at) => x + scale * direction[at]!);
    moved[name] = await runtime.upload(name, { type: 'float32', dims: from.dims, data });
  }
  return moved;
}

/** Mean of those that are defined; null when none is. */
function defined(values: readonly (number | null)[]): number | null {
  const known = values.filter(value => value !== null);
  return known.length === 0 ? null : mean(known);
}

/** Mean of the absolute values. */
function size(values: readonly (number | null)[]): number | null {
  return defined(values.map(value => value && Math.abs(value)));
}

/** Both lists where both are defined. */
function pairs(a: readonly (number | null)[], b: readonly (number | null)[]): [number[], number[]] {
  const kept = a.flatMap((x, i) => (x === null || b[i] === null ? [] : [[x, b[i]!] as const]));
  return [kept.map(([x]) => x), kept.map(([, y]) => y)];
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}

function finding(what: string, value: number | null): Finding {
  return value === null ? { what, value, why: 'undefined in every head' } : { what, value: rounded(value) };
}

function line(facet: string, name: string, values: readonly (number | null)[], dashed = false): Series {
  return { facet, name, dashed, points: values.map((y, x) => ({ x, y })) };
}
