/** @file Computes an arm: makes its setting and observes the queries in it. */
import { releasePrefix } from '../../model/prefix.ts';
import { isNonFinite } from '../../runtime/errors.ts';
import { releaseProjections } from '../../setting/finetune.ts';
import { stepNorm } from '../../setting/random-step.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../setting/setting.ts';
import type { DemonstrationSet } from '../../task/sequence.ts';
import { type Arm, armOf, zeroShotArm } from './arm.ts';
import type { ArmData, ArmRecord, MissingArm } from './arm-record.ts';
import { drawRandom, type SharedSteps, type StepsContext, takeSteps } from './arm-steps.ts';
import { heldOutLosses } from './held-out-losses.ts';
import { type KendallQueries, kendallOfArm } from './kendall-of-arm.ts';
import { type ObservedQueries, type ObserveQueriesOptions, observeQueries } from './observe-queries.ts';
import type { TaskSequences } from './tokens.ts';

/** What the arms of a model on a task are computed with. */
export interface ArmContext extends StepsContext {
  readonly sequences: TaskSequences;
  readonly batchSize: number;
}

/**
 * What arms of a seed take from each other: `F/d/random` the length of the steps of `F/d/same`, and
 * Kendall in `F/d/same` the attention in `I/d/same`. Where a study resumes between two of them, it
 * is computed again.
 */
export interface SharedInSeed extends SharedSteps {
  /** Whether `F/d/random` comes after `F/d/same`. */
  readonly drawsRandom?: boolean;
  /** Of `I/d/same`: [L, P] of each query. */
  contextScores?: readonly Float32Array[];
}

/** What arms of all seeds take from the zero-shot arm of the trained model. */
export interface SharedInTask {
  /** [L, H*dh] of each query. */
  tapQueries?: readonly Float32Array[];
}

interface Shared {
  readonly seed: SharedInSeed;
  readonly task: SharedInTask;
}

type Made = { readonly observed: ObservedQueries } & Partial<
  Pick<ArmRecord, 'learningRate' | 'losses' | 'step' | 'heldOut' | 'kendall'>
>;
type Missing = Pick<MissingArm, 'why'>;

/**
 * Computes an arm. It is missing, with the reason, where finetuning diverges or the set has no such
 * variant.
 *
 * @param shared what this computes for other arms of the seed and of the task is added to it
 */
export async function computeArm(context: ArmContext, arm: Arm, shared: Shared): Promise<ArmData | MissingArm> {
  const started = performance.now();
  const made = await make(context, arm, shared).catch((error: Error): Missing => {
    if (arm.setting === 'finetuned' && isNonFinite(error)) return { why: error.message };
    throw error;
  });
  if ('why' in made) return { arm: arm.id, why: made.why };
  const { observed, ...finetuning } = made;
  const { logProbabilities, attentionOutput, scores, offsets } = observed;
  const record: ArmRecord = {
    arm: arm.id,
    setting: arm.setting,
    model: arm.initialisation === 0 ? 'trained' : `untrained-${arm.initialisation}`,
    seed: arm.seed,
    variant: arm.variant,
    learningRate: null,
    losses: [],
    step: null,
    ...finetuning,
    logProbabilities,
    seconds: Math.round(performance.now() - started) / 1000,
  };
  return { record, attentionOutput, scores, offsets };
}

async function make(context: ArmContext, arm: Arm, shared: Shared): Promise<Made | Missing> {
  const { model, sequences } = context;
  const { seed, variant, setting } = arm;
  if (seed === null || variant === null) {
    const observed = await observe(context, arm, await zeroShot(model, sequences.bos), { query: true });
    shared.task.tapQueries = observed.tapQueries;
    return { observed };
  }
  const { set, why } = sequences.setOf(seed, variant);
  if (set === null) return { why: why! };
  if (setting === 'finetuned') return finetunedArm(context, arm, set, shared);
  const isSame = variant === 'same';
  const observed = await observe(context, arm, await inContext(model, set.prefixTokens), { contextScores: isSame });
  if (isSame) shared.seed.contextScores = observed.contextScores;
  return { observed };
}

/** Observes the queries of an arm and releases its prefix. */
async function observe(
  { model, sequences, batchSize }: ArmContext,
  { id, initialisation, variant }: Arm,
  setting: Setting,
  more: NonNullable<ObserveQueriesOptions['more']>,
): Promise<ObservedQueries> {
  const { rows, behaviourRows } = sequences.plan;
  const answersAll = initialisation === 0 && (variant === null || variant === 'same');
  const answered = answersAll ? behaviourRows : rows;
  const doing = `observing the queries of ${id}`;
  const observed = await observeQueries(model, setting, sequences, { answered, rows, batchSize, more, doing });
  await releasePrefix(model, setting.prefix);
  return observed;
}

async function finetunedArm(context: ArmContext, arm: Arm, set: DemonstrationSet, shared: Shared): Promise<Made> {
  const { model, sequences } = context;
  const { projections, learningRate, losses } = await takeSteps(context, arm, set, shared.seed);
  const step = { norm: await stepNorm(model, projections) };
  const setting = await finetuned(model, sequences.bos, projections);
  const isReported = arm.variant === 'same' && arm.initialisation === 0;
  if (arm.variant === 'same' && shared.seed.drawsRandom) {
    shared.seed.random = drawRandom(context, arm, shared.seed.steps!);
    // Its arm tells the error.
    shared.seed.random.catch(() => undefined);
  }
  const observed = await observe(context, arm, setting, { query: isReported });
  const { steps } = shared.seed;
  if (projections !== steps?.projections) await releaseProjections(model, projections);
  if (!isReported) return { learningRate, losses, step, observed };
  const queries: KendallQueries = {
    contextScores: await contextScoresOf(context, arm.seed!, shared),
    finetuned: observed.tapQueries,
    untouched: await zeroShotQueries(context, shared),
  };
  const heldOut = sequences.heldOut(arm.seed!).map(({ tokens }) => tokens);
  // While the compute process is at the losses, this one is at Kendall.
  const before = heldOutLosses(model, model.pretrained, heldOut);
  const after = heldOutLosses(model, projections, heldOut);
  const [kendall] = await Promise.all([kendallOfArm(queries, steps!.training), before, after]);
  return { learningRate, losses, step, heldOut: { before: await before, after: await after }, kendall, observed };
}

/** The attention in `I/d/same` to its prefix; computed again where the arm is stored already. */
async function contextScoresOf(context: ArmContext, seed: number, shared: Shared): Promise<readonly Float32Array[]> {
  if (shared.seed.contextScores === undefined) await make(context, armOf('in-context', seed, 'same'), shared);
  return shared.seed.contextScores!;
}

/** The queries of the untouched model; computed again where its arm is stored already. */
async function zeroShotQueries(context: ArmContext, shared: Shared): Promise<readonly Float32Array[]> {
  if (shared.task.tapQueries === undefined) await make(context, zeroShotArm(), shared);
  return shared.task.tapQueries!;
}
