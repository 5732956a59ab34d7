import { UserError } from '../error.ts';
import type { LoadedModel, Projections } from '../model/loaded-model.ts';
import { NonFiniteError } from '../runtime/errors.ts';
import { releaseOnFailure } from '../runtime/scope.ts';
import { finetuneStep, lossGraph, type StepOptions, sequenceFeeds, stepNames } from './finetune-step.ts';
import { layerCausalGraph } from './layer-causal-graph.ts';

export interface Finetuning {
  /** The changed projections. The caller releases them. */
  readonly projections: Projections;
  /**
   * What each step minimises, before it: the mean next-token cross-entropy of its sequence, in
   * nats.
   */
  readonly losses: readonly number[];
  /** Time inside the graphs. */
  readonly seconds: number;
}

export interface FinetuneOptions {
  readonly learningRate: number;
  /**
   * Receives the scaled queries of all tokens of each sequence before its step: [T, H*dh] in each
   * layer. The attention to training tokens (Dai et al., section 4.3) needs them.
   */
  readonly onQueries?: (step: number, perLayer: readonly Float32Array[]) => void;
  readonly onStep?: (step: number, loss: number) => void;
}

/**
 * Finetunes the key and value projections of all layers: one step of plain SGD per sequence, in
 * order, each on the projections that the step before it left (`finetuneStep`).
 *
 *     W_j = W_(j-1) - lr dL_j/dW (W_(j-1))
 *
 * @param sequences token ids, each with its BOS, at least two tokens long
 * @throws UserError when a sequence is too short or too long, or when finetuning diverges; changed
 * projections are then released
 */
export function finetune(
  model: LoadedModel,
  sequences: readonly (readonly number[])[],
  options: FinetuneOptions,
): Promise<Finetuning> {
  return takeSteps(model, sequences, options);
}

/**
 * As `finetune`, but layer-causally: every layer learns from its own prediction, and no gradient
 * passes from one layer to another (`layerCausalGraph`). Each loss is a sum over the layers.
 */
export function finetuneLayerCausally(
  model: LoadedModel,
  sequences: readonly (readonly number[])[],
  options: FinetuneOptions,
): Promise<Finetuning> {
  return takeSteps(model, sequences, options, { graph: layerCausalGraph });
}

/**
 * One step on all sequences at once: as `finetune`, but with every gradient at the pretrained
 * projections, so that their order does not matter.
 *
 *     W = W_0 - lr sum_j dL_j/dW (W_0)
 *
 * It is the limit of `finetune` for small learning rates.
 */
export function finetuneInOneStep(
  model: LoadedModel,
  sequences: readonly (readonly number[])[],
  options: FinetuneOptions,
): Promise<Finetuning> {
  return takeSteps(model, sequences, options, { at: model.pretrained });
}

async function takeSteps(
  model: LoadedModel,
  sequences: readonly (readonly number[])[],
  { learningRate, onQueries, onStep }: FinetuneOptions,
  kind: Pick<StepOptions, 'graph' | 'at'> = {},
): Promise<Finetuning> {
  for (const [i, sequence] of sequences.entries()) checkLength(sequence, i, model.decoder.context);
  return releaseOnFailure(model, async owner => {
    let projections = model.pretrained;
    const losses: number[] = [];
    let seconds = 0;
    for (const [i, sequence] of sequences.entries()) {
      const doing = `finetuning step ${i + 1} of ${sequences.length}`;
      const stepOptions = { learningRate, doing, queries: onQueries !== undefined, ...kind };
      const step = await finetuneStep(owner, projections, sequence, stepOptions).catch(error => {
        throw error instanceof NonFiniteError ? diverged(error, learningRate, i) : error;
      });
      projections = step.projections;
      losses.push(step.loss);
      seconds += step.seconds;
      onQueries?.(i, step.queries);
      onStep?.(i, step.loss);
    }
    return { projections, losses, seconds };
  });
}

/**
 * Mean next-token cross-entropy of each sequence with the given projections, in nats: what a step
 * on it would minimise.
 *
 * @throws UserError when a sequence is too short or too long
 */
export async function sequenceLosses(
  model: LoadedModel,
  projections: Projections,
  sequences: readonly (readonly number[])[],
): Promise<readonly number[]> {
  for (const [i, sequence] of sequences.entries()) checkLength(sequence, i, model.decoder.context);
  const session = await model.session(lossGraph);
  const losses: number[] = [];
  for (const [i, sequence] of sequences.entries()) {
    const { fetched } = await model.runtime.run(session, {
      doing: `computing the loss of sequence ${i + 1} of ${sequences.length}`,
      feeds: { ...projections, ...sequenceFeeds(sequence) },
      fetch: [stepNames.loss],
    });
    losses.push(fetched[stepNames.loss]!.data[0]!);
  }
  return losses;
}

/** Releases changed projections; the pretrained ones stay. */
export async function releaseProjections(
  { runtime, pretrained }: LoadedModel,
  projections: Projections,
): Promise<void> {
  await runtime.release(
    Object.keys(projections).flatMap(name => (projections[name] === pretrained[name] ? [] : projections[name]!)),
  );
}

function checkLength(sequence: readonly number[], index: number, context: number): void {
  const { length } = sequence;
  if (length < 2) throw new UserError(`sequence ${index + 1} has ${length} tokens; a step needs two`);
  if (length > context) {
    throw new UserError(`sequence ${index + 1} has ${length} tokens; the context ends at ${context}`);
  }
}

function diverged(cause: NonFiniteError, learningRate: number, step: number): UserError {
  return new UserError(
    `finetuning diverged in step ${step + 1}: ${cause.message}; use a learning rate below ${learningRate}`,
    { cause },
  );
}
