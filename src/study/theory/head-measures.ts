/** @file What chapter 2 measures of the heads of a model. */
import { cosine } from '../../metric/cosine.ts';
import type { KeyValue, LoadedModel } from '../../model/loaded-model.ts';
import { computeMemory, emptyMemory } from '../../model/memory.ts';
import { finetune } from '../../setting/finetune.ts';
import { buildSequences } from '../../task/sequence.ts';
import { finetuningUpdate, type KeysAndValues, mapOf, softmaxAttention } from '../../theory/attention-head.ts';
import { drawFrom } from '../../theory/draw.ts';
import { type Matrix, minus, norm, sum, times } from '../../theory/matrix.ts';
import { relativeError } from '../../theory/softmax-kernel.ts';
import type { Workplace } from './chapter.ts';
import { type Gathered, gathered } from './gathered.ts';
import { readHeads, readMemory } from './heads.ts';
import { centred, joinTokens, mispaired, tokensFrom } from './keys-and-values.ts';
import { type Rank, rankOf } from './rank.ts';

/** Queries behind the demonstrations; everything that depends on them is a mean over them. */
export const QUERIES = 8;
/** Names the random streams of the baselines. */
const BASELINE = 1;

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

export interface HeadMeasures {
  readonly ofHeads: Gathered<OfHead>;
  readonly ofMaps: Gathered<OfMaps>;
  /** Of dW_icl, by layer and key/value head. */
  readonly ranks: readonly (readonly Rank[])[];
  /** Effective ranks of dW_ft of the first query, of every key/value head. */
  readonly ranksFinetuned: readonly number[];
  /** cos(dW_icl, dW_icl of other demonstrations) of every key/value head. */
  readonly demonstrationsTwice: readonly (number | null)[];
  /** Largest relative error of softmax attention computed anew from what was read. */
  readonly recomputed: number;
}

/** Of a key/value head: what the demonstrations leave, whatever the query. */
interface DemonstrationMaps {
  readonly documentStart: Matrix;
  readonly update: Matrix;
  readonly centred: Matrix;
  readonly mispaired: Matrix;
}

/** Finetunes on two sets of demonstrations and reads the heads behind some queries, in context and alone. */
export async function measureHeads(workplace: Workplace): Promise<HeadMeasures> {
  const { prepared, seed, report } = workplace;
  const { plan, sequences, task, tokenizer, conventions, decoder } = prepared;
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
        const random = drawFrom(seed, BASELINE, layer, g).matrix(update.rows, update.columns);
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
  return {
    ofHeads,
    ofMaps,
    ranks: maps.map(layer => layer.map(({ update }) => rankOf(update))),
    ranksFinetuned,
    demonstrationsTwice: maps.flatMap((layer, l) =>
      layer.map(({ update }, g) => cosine(update.data, mapsOthers[l]![g]!.data)),
    ),
    recomputed,
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
