import { kendall, kendallRandom, type TrainingTokens } from './attention-to-training-tokens.ts';
import type { Observation, ObservationShape } from './observation.ts';
import type { PerLayer } from './per-layer.ts';
import { simAM, simAMDelta } from './sim-am.ts';
import { simAOU, simAOURandom, simAOUUnnormalised } from './sim-aou.ts';
import type { ComparedRow } from './steadiness.ts';

/**
 * Number of examples, first in evaluation order, on which Kendall is measured, as in the official
 * code of Dai et al.
 */
export const KENDALL_EXAMPLES = 100;

/** One example in the settings that were run. */
export interface ObservedExample {
  /** Index in the evaluation order, from 0. */
  readonly index: number;
  /** Row id in the data set. */
  readonly row: number;
  readonly zeroShot?: Observation;
  readonly inContext?: Observation;
  readonly finetuned?: Observation;
}

export interface MeasureOptions extends ObservationShape {
  /** Seed of the random baselines. */
  readonly seed: number;
  /** Absent if finetuning was not run. */
  readonly training?: TrainingTokens;
}

/**
 * The stored metrics of an example: one number per layer and metric, absent if a setting that it
 * needs was not run. Plain JSON: written to a file and read again, it folds to the same bits.
 */
export interface ExampleMetrics {
  readonly index: number;
  readonly row: number;
  readonly simAOU?: PerLayer;
  readonly simAOURandom?: PerLayer;
  readonly simAOUUnnormalised?: PerLayer;
  readonly simAM?: PerLayer;
  readonly simAMZeroShot?: PerLayer;
  readonly simAMDelta?: PerLayer;
  readonly kendall?: PerLayer;
  readonly kendallRandom?: PerLayer;
  /** For rows on which finetuning is compared with itself at a nudged rate. */
  readonly steady?: ComparedRow;
}

/** Every metric of one example. @throws Error if shapes do not fit each other */
export function measure(example: ObservedExample, options: MeasureOptions): ExampleMetrics {
  const { index, row, zeroShot, inContext, finetuned } = example;
  const { layers, seed, training } = options;
  checkShapes(example, options);
  const outputs = zeroShot &&
    inContext &&
    finetuned && {
      zeroShot: zeroShot.attentionOutput,
      inContext: inContext.attentionOutput,
      finetuned: finetuned.attentionOutput,
    };
  const scores = zeroShot &&
    inContext &&
    finetuned && { zeroShot: zeroShot.scores, inContext: inContext.scores, finetuned: finetuned.scores };
  const updates = zeroShot && inContext && { zeroShot: zeroShot.attentionOutput, inContext: inContext.attentionOutput };
  const context = index < KENDALL_EXAMPLES && training ? inContext?.contextScores : undefined;
  return {
    index,
    row,
    ...(outputs && { simAOU: simAOU(outputs, layers), simAOUUnnormalised: simAOUUnnormalised(outputs, layers) }),
    ...(updates && { simAOURandom: simAOURandom(updates, layers, seed, row) }),
    ...(inContext && finetuned && { simAM: simAM(inContext.scores, finetuned.scores, options) }),
    ...(inContext && zeroShot && { simAMZeroShot: simAM(inContext.scores, zeroShot.scores, options) }),
    ...(scores && { simAMDelta: simAMDelta(scores, options) }),
    ...(context && finetuned?.query && { kendall: kendall(context, finetuned.query, training!) }),
    ...(context && { kendallRandom: kendallRandom(context, training!.prefixIndices, layers, seed, row) }),
  };
}

/** A flat array of the wrong length would silently mix layers. */
function checkShapes(example: ObservedExample, { layers, heads, training }: MeasureOptions): void {
  const settings = [example.zeroShot, example.inContext, example.finetuned].filter(o => o !== undefined);
  const fail = (what: string): never => {
    throw new Error(`measure: row ${example.row}: ${what}`);
  };
  for (const { attentionOutput, scores } of settings) {
    if (attentionOutput.length === 0 || attentionOutput.length % layers !== 0) {
      fail(`${attentionOutput.length} attention outputs for ${layers} layers`);
    }
    if (scores.length === 0 || scores.length % (layers * heads) !== 0) {
      fail(`${scores.length} attention scores for ${layers} layers of ${heads} heads`);
    }
    if (attentionOutput.length !== settings[0]!.attentionOutput.length) fail('attention outputs of two sizes');
    if (scores.length !== settings[0]!.scores.length) fail('attention scores of two query lengths');
  }
  if (!training) return;
  const { prefixIndices, queries } = training;
  const context = example.inContext?.contextScores;
  const query = example.finetuned?.query;
  if (queries.length !== layers) fail(`training queries of ${queries.length} layers for ${layers}`);
  if (context) {
    const tokens = context.length / layers;
    if (!Number.isInteger(tokens)) fail(`${context.length} context scores for ${layers} layers`);
    for (let i = 0; i < prefixIndices.length; i++) {
      if (!(prefixIndices[i]! >= 0 && prefixIndices[i]! < tokens)) {
        fail(`demonstration token ${i} is at ${prefixIndices[i]} of a prefix of ${tokens}`);
      }
    }
  }
  if (query) {
    for (const [layer, trained] of queries.entries()) {
      if (trained.length * layers !== prefixIndices.length * query.length) {
        fail(`${trained.length} numbers of training queries in layer ${layer} for ${prefixIndices.length} tokens`);
      }
    }
  }
}
