/** @file The measures of chapter 2 at the heads of a model. */
import { cosine } from '../../metric/cosine.ts';
import type { LoadedModel, Projections } from '../../model/loaded-model.ts';
import { computePrefix, emptyPrefix, type Prefix, releasePrefix } from '../../model/prefix.ts';
import { finetune, releaseProjections } from '../../setting/finetune.ts';
import { gradientGraph } from '../../setting/finetune-step.ts';
import type { DemonstrationSet } from '../../task/sequence.ts';
import { type KeysAndValues, mapOf, softmaxAttention } from '../../theory/attention-head.ts';
import { drawFrom } from '../../theory/draw.ts';
import { type Matrix, minus, norm, sum, times } from '../../theory/matrix.ts';
import { relativeError } from '../../theory/softmax-kernel.ts';
import type { ChapterContext } from './chapter.ts';
import { defined, type Gathered, gathered } from './gathered.ts';
import { type HeadReadings, readHeads, readPrefix } from './heads.ts';
import { centred, joinTokens, mispaired, tokensFrom } from './keys-and-values.ts';
import { type Rank, rankOf } from './rank.ts';

/**
 * Queries after each set of demonstrations; measures are means over them.
 */
export const QUERIES = 2;
/** Names the random streams of the baselines. */
const BASELINE = 1;

/**
 * Measures of a head for one set of demonstrations and one query; undefined cosines are null.
 */
interface OfHead {
  /** cos(head, head without softmax), in context and zero-shot. */
  readonly dropped: number | null;
  readonly droppedZeroShot: number | null;
  /**
   * cos(change of the head's output by the demonstrations, dW_icl q); the second with centred
   * values.
   */
  readonly effect: number | null;
  readonly effectCentred: number | null;
  /** cos(dW_icl q, dW_ft q) */
  readonly onQuery: number | null;
}

/**
 * Measures of the maps of a key/value head, which its query heads share, for one set and one query.
 */
interface OfMaps {
  /** |dW_icl| / |W_zsl|, |dW_ft| / |W_zsl| */
  readonly size: number;
  readonly sizeFinetuned: number;
  /** cos(dW_icl, W_zsl), cos(W_zsl, dW_ft) */
  readonly alongZeroShot: number | null;
  readonly zeroShotMatched: number | null;
  /**
   * cos(dW_icl, dW_ft); then with centred values, and with the whole finetuned model instead of the
   * projections of the layer.
   */
  readonly matched: number | null;
  readonly centred: number | null;
  readonly throughout: number | null;
  /** Baselines. */
  readonly mispaired: number | null;
  /** Mean over the other sets. */
  readonly otherDemonstrations: number | null;
  readonly randomStep: number | null;
  readonly randomMatrix: number | null;
  /** cos(dW_ft, dW_ft of other demonstrations), mean over the other sets. */
  readonly finetunedTwice: number | null;
}

export interface HeadMeasures {
  /** Means over sets and queries. */
  readonly ofHeads: Gathered<OfHead>;
  readonly ofMaps: Gathered<OfMaps>;
  /** Of each single set. */
  readonly ofMapsBySet: readonly Gathered<OfMaps>[];
  /**
   * cos(dW_icl of set i, dW_ft of set j), mean over layers, heads and queries; null where it is
   * undefined in every head.
   */
  readonly matching: readonly (readonly (number | null)[])[];
  /** Of dW_icl of each set, by layer and key/value head. */
  readonly ranks: readonly (readonly (readonly Rank[])[])[];
  /** Effective ranks of dW_ft of the first query, of every set and key/value head. */
  readonly ranksFinetuned: readonly number[];
  /** cos(dW_icl, dW_icl of another set) of every key/value head and pair of sets. */
  readonly demonstrationsTwice: readonly (number | null)[];
  /** Largest relative error of softmax attention recomputed from the readings. */
  readonly recomputed: number;
}

/** Maps of a key/value head that the demonstrations make, for any query. */
interface DemonstrationMaps {
  readonly bos: Matrix;
  readonly update: Matrix;
  readonly centred: Matrix;
  readonly mispaired: Matrix;
}

const cos = (a: Matrix, b: Matrix) => cosine(a.data, b.data);

/**
 * Finetunes on each set of demonstrations and reads the heads at some queries, in context and
 * alone.
 */
export async function measureHeads(context: ChapterContext, sets: readonly DemonstrationSet[]): Promise<HeadMeasures> {
  const { prepared, seed, report } = context;
  const { plan, decoder } = prepared;
  const { layers, heads, keyValueHeads } = decoder;
  const model = await context.model();
  const finetuned = await finetuneOnEach(model, sets, plan.learningRate!, report);

  const group = heads / keyValueHeads;
  const ofHeads = gathered<OfHead>(layers, heads);
  const ofMaps = gathered<OfMaps>(layers, keyValueHeads);
  const ofMapsBySet = sets.map(() => gathered<OfMaps>(layers, keyValueHeads));
  const pairs = sets.map(() => sets.map((): (number | null)[] => []));
  const ranks: (readonly (readonly Rank[])[])[] = [];
  const ranksFinetuned: number[] = [];
  const updates: (readonly (readonly Matrix[])[])[] = [];
  let recomputed = 0;
  const queries = prepared.sequences.queries.slice(0, QUERIES);
  for (const [set, { prefixTokens }] of sets.entries()) {
    const prefix = await computePrefix(model, prefixTokens, model.pretrained);
    const left = await readPrefix(model, prefix);
    const maps = left.map(layer => layer.map(mapsOf));
    updates.push(maps.map(layer => layer.map(({ update }) => update)));
    ranks.push(maps.map(layer => layer.map(({ update }) => rankOf(update))));
    const projections = { finetuned, set, randomStep: await movedAtRandom(model, finetuned[set]!, seed, set) };
    for (const [i, { tokens }] of queries.entries()) {
      report('reading the heads at queries', set * queries.length + i, sets.length * queries.length);
      const readings = await readBehind(model, { tokens, bos: plan.bos, prefix, ...projections });
      for (let layer = 0; layer < layers; layer++) {
        for (let g = 0; g < keyValueHeads; g++) {
          const demonstrations = maps[layer]![g]!;
          const { update } = demonstrations;
          const random = drawFrom(seed, BASELINE, set, layer, g).matrix(update.rows, update.columns);
          const changes = changesOf(readings, layer, g);
          for (const [other, dW] of changes.byEach.entries()) pairs[set]![other]!.push(cos(update, dW));
          if (i === 0) ranksFinetuned.push(rankOf(changes.byEach[set]!).effective);
          const measured = measureMaps(demonstrations, changes, set, random);
          ofMaps.add(layer, g, measured);
          ofMapsBySet[set]!.add(layer, g, measured);
          const behind = readings.within.own[layer]![g]!;
          const everything = joinTokens(left[layer]![g]!, behind);
          const relaxed = sum(sum(demonstrations.bos, update), mapOf(behind));
          for (let head = g * group; head < (g + 1) * group; head++) {
            const given = readings.within.attended[layer]![head]!;
            const again = softmaxAttention(everything, readings.within.query[layer]![head]!, 1);
            recomputed = Math.max(recomputed, relativeError(again, given));
            const dW = changes.byEach[set]!;
            ofHeads.add(layer, head, measureHead({ readings, layer, head }, demonstrations, relaxed, changes.W, dW));
          }
        }
      }
    }
    await releasePrefix(model, prefix);
    await releaseProjections(model, projections.randomStep);
  }
  return {
    ofHeads,
    ofMaps,
    ofMapsBySet,
    matching: pairs.map(row => row.map(defined)),
    ranks,
    ranksFinetuned,
    demonstrationsTwice: betweenSets(updates),
    recomputed,
  };
}

/** The heads at one query. */
interface Readings {
  /** In context. */
  readonly within: HeadReadings;
  /** Zero-shot, with keys and values of the finetuned projections of each set. */
  readonly zeroShot: readonly HeadReadings[];
  /** Zero-shot, with keys and values of randomly moved projections. */
  readonly byChance: HeadReadings;
  /** Finetuned on the set. */
  readonly throughout: HeadReadings;
}

/**
 * All but `within` are read with the BOS directly before the query, at the positions of the
 * context.
 */
async function readBehind(
  model: LoadedModel,
  {
    tokens,
    bos,
    prefix,
    finetuned,
    set,
    randomStep,
  }: {
    readonly tokens: readonly number[];
    readonly bos: number;
    readonly prefix: Prefix;
    readonly finetuned: readonly Projections[];
    readonly set: number;
    readonly randomStep: Projections;
  },
): Promise<Readings> {
  const { pretrained, decoder } = model;
  const P = prefix.tokens.length;
  const frame = { tokens: [bos, ...tokens], start: P - 1, prefix: emptyPrefix(decoder) };
  const alone = (projections: Projections, changed: Projections) =>
    readHeads(model, { ...frame, projections, changed });
  const zeroShot: HeadReadings[] = [];
  for (const projections of finetuned) zeroShot.push(await alone(pretrained, projections));
  return {
    zeroShot,
    byChance: await alone(pretrained, randomStep),
    throughout: await alone(finetuned[set]!, finetuned[set]!),
    within: await readHeads(model, { tokens, start: P, prefix, projections: pretrained, changed: pretrained }),
  };
}

/** W_zsl of a key/value head, and its changes: dW_ft of each set, and those of the baselines. */
interface Changes {
  readonly W: Matrix;
  readonly byEach: readonly Matrix[];
  readonly byChance: Matrix;
  readonly throughout: Matrix;
}

function changesOf({ zeroShot, byChance, throughout }: Readings, layer: number, g: number): Changes {
  const W = mapOf(zeroShot[0]!.own[layer]![g]!);
  // `finetuningUpdate`, with its first map computed once.
  const change = (after: KeysAndValues) => sum(mapOf(after), W, -1);
  return {
    W,
    byEach: zeroShot.map(({ changed }) => change(changed[layer]![g]!)),
    byChance: change(byChance.changed[layer]![g]!),
    throughout: change(throughout.own[layer]![g]!),
  };
}

function measureMaps(
  { update, centred, mispaired }: DemonstrationMaps,
  { W, byEach, byChance, throughout }: Changes,
  set: number,
  random: Matrix,
): OfMaps {
  const dW = byEach[set]!;
  const others = byEach.filter((_, other) => other !== set);
  return {
    size: norm(update.data) / norm(W.data),
    sizeFinetuned: norm(dW.data) / norm(W.data),
    alongZeroShot: cos(update, W),
    zeroShotMatched: cos(W, dW),
    matched: cos(update, dW),
    centred: cos(centred, dW),
    throughout: cos(update, throughout),
    mispaired: cos(mispaired, dW),
    otherDemonstrations: defined(others.map(other => cos(update, other))),
    randomStep: cos(update, byChance),
    randomMatrix: cos(random, dW),
    finetunedTwice: defined(others.map(other => cos(dW, other))),
  };
}

function measureHead(
  { readings: { within, zeroShot }, layer, head }: { readings: Readings; layer: number; head: number },
  { update, centred }: DemonstrationMaps,
  relaxed: Matrix,
  W: Matrix,
  dW: Matrix,
): OfHead {
  const [query, queryAlone] = [within.query[layer]![head]!, zeroShot[0]!.query[layer]![head]!];
  const [given, before] = [within.attended[layer]![head]!, zeroShot[0]!.attended[layer]![head]!];
  return {
    dropped: cosine(given, times(relaxed, query)),
    droppedZeroShot: cosine(before, times(W, queryAlone)),
    effect: cosine(minus(given, before), times(update, query)),
    effectCentred: cosine(minus(given, before), times(centred, query)),
    onQuery: cosine(times(update, queryAlone), times(dW, queryAlone)),
  };
}

/** Changed projections of each set, one step per demonstration. */
async function finetuneOnEach(
  model: LoadedModel,
  sets: readonly DemonstrationSet[],
  learningRate: number,
  report: ChapterContext['report'],
): Promise<readonly Projections[]> {
  const steps = sets.reduce((sum, { finetuning }) => sum + finetuning.length, 0);
  const finetuned: Projections[] = [];
  let before = 0;
  for (const { finetuning } of sets) {
    const onStep = (step: number) => report('finetuning on each set of demonstrations', before + step, steps);
    finetuned.push((await finetune(model, finetuning, { learningRate, onStep })).projections);
    before += finetuning.length;
  }
  await model.closeSession(gradientGraph);
  return finetuned;
}

/** Cosines of the updates of every two sets, head by head. */
function betweenSets(updates: readonly (readonly (readonly Matrix[])[])[]): readonly (number | null)[] {
  return updates.flatMap((one, s) =>
    updates
      .slice(s + 1)
      .flatMap(other => one.flatMap((layer, l) => layer.map((update, g) => cos(update, other[l]![g]!)))),
  );
}

function mapsOf(tokens: KeysAndValues): DemonstrationMaps {
  const demonstrations = tokensFrom(tokens, 1);
  return {
    bos: mapOf(tokensFrom(tokens, 0, 1)),
    update: mapOf(demonstrations),
    centred: mapOf(centred(demonstrations)),
    mispaired: mapOf(mispaired(demonstrations)),
  };
}

/**
 * The pretrained projections, each moved as far as finetuning moved it, but in a random direction.
 */
async function movedAtRandom(
  { pretrained, runtime }: LoadedModel,
  finetuned: Projections,
  seed: number,
  set: number,
): Promise<Projections> {
  const moved: Record<string, Projections[string]> = {};
  for (const [i, name] of Object.keys(pretrained).entries()) {
    const from = await runtime.download(pretrained[name]!);
    const to = await runtime.download(finetuned[name]!);
    const step = norm(Float64Array.from(to.data, (x, at) => x - from.data[at]!));
    const direction = drawFrom(seed, BASELINE, set, i).vector(from.data.length);
    const scale = step / norm(direction);
    const data = Float32Array.from(from.data, (x, at) => x + scale * direction[at]!);
    moved[name] = await runtime.upload(name, { type: 'float32', dims: from.dims, data });
  }
  return moved;
}
