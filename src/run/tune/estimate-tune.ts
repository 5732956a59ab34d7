import type { CellCost } from '../../cell/kind.ts';
import type { Hooks } from '../../hooks.ts';
import { checkOptions } from '../../options.ts';
import { type Estimate, estimateRun } from '../estimate/estimate.ts';
import type { SharedModel } from '../shared-model.ts';
import { type TuneWishes, tuneOptions } from './options.ts';

/**
 * Estimates a choice of seed and learning rate as the parts of a run: zero-shot once, in-context for
 * each seed, finetuning and its evaluation twice for each rate.
 *
 * @param measure whether to measure the machine, for seconds
 */
export async function estimateTune(
  wishes: TuneWishes,
  hooks: Hooks,
  { measure, shared }: { readonly measure: boolean; readonly shared: SharedModel },
): Promise<CellCost> {
  const { seeds, learningRates, rows, rule: _, ...ofRun } = checkOptions(tuneOptions, wishes);
  const run = { ...ofRun, seed: seeds[0]!, learningRate: learningRates[0]!, limit: rows, steadyCheck: false };
  const { memoryBytes, stages, plan } = await estimateRun(
    { ...run, ...hooks, ...(!measure && { speed: null }) },
    shared,
  );
  const { layers, hiddenSize } = (await shared.open(ofRun, hooks)).decoder;
  // Attention outputs: zero-shot, and those of a rate with its nudge.
  const outputs = 4 * plan.examples * layers * hiddenSize * 3;
  const seconds = measure ? secondsOfGrid(stages, seeds.length, learningRates.length) : null;
  return { memoryBytes: memoryBytes + outputs, seconds, diskBytes: null };
}

/** Seconds of a grid, from those of the stages of one run. */
export function secondsOfGrid(stages: Estimate['stages'], seeds: number, rates: number): number {
  const { load, prefix, 'zero-shot': zeroShot, 'in-context': inContext, finetuning, finetuned } = stages;
  return (
    load.seconds! +
    zeroShot.seconds! +
    seeds * (prefix.seconds! + inContext.seconds!) +
    2 * rates * (finetuning.seconds! + finetuned.seconds!)
  );
}
