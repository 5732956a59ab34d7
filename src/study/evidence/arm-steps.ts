/** @file The projections of finetuned arms. */
import type { TrainingTokens } from '../../metric/attention-to-training-tokens.ts';
import type { LoadedModel, Projections } from '../../model/loaded-model.ts';
import { prefixGraph } from '../../model/prefix.ts';
import { observationGraph } from '../../observe/observe.ts';
import { recordQueries } from '../../run/make-settings.ts';
import { type Finetuning, finetune, finetuneInOneStep, finetuneLayerCausally } from '../../setting/finetune.ts';
import { gradientGraph } from '../../setting/finetune-step.ts';
import { layerCausalGraph } from '../../setting/layer-causal-graph.ts';
import { randomStep } from '../../setting/random-step.ts';
import type { DemonstrationSet } from '../../task/sequence.ts';
import { type Arm, armOf } from './arm.ts';
import { seedStreams } from './streams.ts';

/** The steps of `F/d/same`, which other arms of the seed read too. */
export interface SameSteps {
  readonly projections: Projections;
  readonly losses: readonly number[];
  readonly training: TrainingTokens;
}

/** What arms of a seed leave for each other. */
export interface SharedSteps {
  /** Of `F/d/same`. */
  steps?: SameSteps;
  /** Of `F/d/random`, where it was drawn ahead. */
  random?: Promise<Projections>;
}

/** What steps leave. */
export interface ArmSteps {
  readonly projections: Projections;
  /** Null where a step is drawn, not taken. */
  readonly learningRate: number | null;
  readonly losses: readonly number[];
}

export interface StepsContext {
  readonly model: LoadedModel;
  /** The learning rate of a finetuned arm. */
  readonly rateOf: (arm: Arm) => Promise<number>;
  /** Takes the steps; those of the variant unless given. */
  readonly finetune?: typeof finetune;
}

const takers = { batch: finetuneInOneStep, 'layer-causal': layerCausal } as const;

/**
 * Takes the steps of a finetuned arm. The caller releases the projections, but those of `same` stay
 * in `shared`.
 *
 * @throws UserError when finetuning diverges
 */
export async function takeSteps(
  context: StepsContext,
  arm: Arm,
  set: DemonstrationSet,
  shared: SharedSteps,
): Promise<ArmSteps> {
  const { model, rateOf } = context;
  if (arm.variant === 'random') {
    const same = await sameSteps(context, arm, set, shared);
    const projections = await (shared.random ?? drawRandom(context, arm, same));
    return { projections, learningRate: null, losses: [] };
  }
  const learningRate = await rateOf(arm);
  if (arm.variant === 'same') return { ...(await sameSteps(context, arm, set, shared)), learningRate };
  const take = context.finetune ?? takers[arm.variant as keyof typeof takers] ?? finetune;
  return { ...(await take(model, set.finetuning, { learningRate })), learningRate };
}

/** The projections of `F/d/random`: what is requested meanwhile is computed while they are drawn. */
export function drawRandom({ model }: StepsContext, { seed }: Arm, { projections }: SameSteps): Promise<Projections> {
  return randomStep(model, projections, seedStreams(seed!).random);
}

/** Finetuning on the demonstrations of the seed themselves, once. */
async function sameSteps(
  { model, rateOf }: StepsContext,
  { initialisation, seed }: Arm,
  set: DemonstrationSet,
  shared: SharedSteps,
): Promise<SameSteps> {
  if (shared.steps !== undefined) return shared.steps;
  const recorder = recordQueries(set, model.decoder.layers);
  const learningRate = await rateOf(armOf('finetuned', seed!, 'same', initialisation));
  const options = { learningRate, onQueries: recorder.onQueries };
  const { projections, losses } = await finetune(model, set.finetuning, options);
  shared.steps = { projections, losses, training: recorder.training };
  return shared.steps;
}

/**
 * Every open session maps the weights once more, and layer-causal gradients are large: no other
 * session is open beside theirs.
 */
export async function layerCausal(...given: Parameters<typeof finetune>): Promise<Finetuning> {
  const [model] = given;
  for (const graph of [prefixGraph, observationGraph, gradientGraph]) await model.closeSession(graph);
  try {
    return await finetuneLayerCausally(...given);
  } finally {
    await model.closeSession(layerCausalGraph);
  }
}
