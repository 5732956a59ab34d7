import { UserError } from '../error.ts';
import { names } from '../model/graphs.ts';
import type { LoadedModel, Projections } from '../model/loaded-model.ts';
import { integers, numbers, tokenFeeds } from '../model/prefix.ts';
import { updateFeeds, updateGroups, updateNames } from '../model/update-graph.ts';
import { NonFiniteError } from '../runtime/errors.ts';
import type { Handle } from '../runtime/runtime.ts';
import { releaseOnFailure } from '../runtime/scope.ts';

export interface Finetuning {
  /** The changed projections. The caller releases them. */
  readonly projections: Projections;
  /** Mean next-token cross-entropy of each sequence before its step, in nats. */
  readonly losses: readonly number[];
  /** Time inside the graph. */
  readonly seconds: number;
}

export interface FinetuneOptions {
  readonly learningRate: number;
  /**
   * Receives, before the step of each sequence, the scaled queries of all its tokens: [T, H*dh] in each layer.
   * Asked for by the attention to training tokens.
   */
  readonly onQueries?: (step: number, perLayer: readonly Float32Array[]) => void;
  readonly onStep?: (step: number, loss: number) => void;
}

/**
 * Finetunes the key and value projections of all layers: one step of plain SGD per sequence, in order, each on the weights that
 * the last one left (Dai et al., section 4.2):
 *
 *     theta <- theta - learningRate * gradient of the mean next-token cross-entropy over the sequence
 *
 * The gradient of a step is whole before anything changes; then projections are replaced group by group, and the old ones released.
 *
 * @param sequences token ids, each with its BOS, at least two tokens long
 * @throws UserError when a sequence is too short or too long, or when the loss leaves the finite numbers; no changed projection is left then
 */
export async function finetune(
  model: LoadedModel,
  sequences: readonly (readonly number[])[],
  options: FinetuneOptions,
): Promise<Finetuning> {
  for (const [i, sequence] of sequences.entries()) checkLength(sequence, i, model.decoder.context);
  return releaseOnFailure(model, owner => takeSteps(owner, sequences, options));
}

async function takeSteps(
  model: LoadedModel,
  sequences: readonly (readonly number[])[],
  { learningRate, onQueries, onStep }: FinetuneOptions,
): Promise<Finetuning> {
  const { runtime, decoder } = model;
  const session = await model.session('gradient');
  const layers = Array.from({ length: decoder.layers }, (_, layer) => names.query(layer));
  // Fetched whether asked or not: where numbers leave the finite ones, the first bad layer is named.
  const fetch = [...layers, names.loss];
  const keep = session.outputs.filter(output => !fetch.includes(output));
  const projections = { ...model.pretrained };
  const losses: number[] = [];
  let seconds = 0;
  for (const [step, sequence] of sequences.entries()) {
    const doing = `finetuning step ${step + 1} of ${sequences.length}`;
    const T = sequence.length;
    // The last token predicts nothing; it is fed for its query.
    const weights = [...Array(T - 1).fill(1 / (T - 1)), 0];
    try {
      const result = await runtime.run(session, {
        doing,
        feeds: {
          ...projections,
          ...tokenFeeds(sequence, 0),
          [names.targets]: integers([T], [...sequence.slice(1), 0]),
          [names.targetWeights]: numbers([T], weights),
        },
        fetch,
        keep,
      });
      seconds += result.seconds + (await descend(model, projections, result.kept, { learningRate, doing }));
      const loss = result.fetched[names.loss]!.data[0]!;
      losses.push(loss);
      onQueries?.(
        step,
        layers.map(name => result.fetched[name]!.data as Float32Array),
      );
      onStep?.(step, loss);
    } catch (error) {
      throw explained(error, learningRate, step);
    }
  }
  return { projections, losses, seconds };
}

/** Replaces every projection by the one a step on, and releases gradients and old projections. @returns time inside the graph */
async function descend(
  model: LoadedModel,
  projections: Record<string, Handle>,
  gradient: Readonly<Record<string, Handle>>,
  { learningRate, doing }: { readonly learningRate: number; readonly doing: string },
): Promise<number> {
  const { runtime, pretrained } = model;
  const session = await model.session('update');
  const fixed = Object.values(pretrained);
  let seconds = 0;
  for (const group of updateGroups(model.decoder)) {
    const feeds = updateFeeds(group, projections, gradient);
    const result = await runtime.run(session, {
      doing: `${doing}, at ${group[0]!.name}`,
      feeds: { ...feeds, [updateNames.rate]: numbers([1], [learningRate]) },
      keep: session.outputs,
    });
    seconds += result.seconds;
    for (const [i, { name }] of group.entries()) projections[name] = result.kept[updateNames.updated(i)]!;
    await runtime.release(Object.values(feeds).filter(handle => !fixed.includes(handle)));
  }
  return seconds;
}

/** Frees changed projections; those of the checkpoint stay. */
export async function releaseProjections(
  { runtime, pretrained }: LoadedModel,
  projections: Projections,
): Promise<void> {
  await runtime.release(
    Object.keys(projections).flatMap(name => (projections[name] === pretrained[name] ? [] : projections[name]!)),
  );
}

function checkLength(sequence: readonly number[], index: number, context: number): void {
  if (sequence.length < 2)
    throw new UserError(`training sequence ${index + 1} has ${sequence.length} tokens; a step needs two`);
  if (sequence.length > context) {
    throw new UserError(`training sequence ${index + 1} has ${sequence.length} tokens; the context ends at ${context}`);
  }
}

function explained(error: unknown, learningRate: number, step: number): unknown {
  if (!(error instanceof NonFiniteError)) return error;
  return new UserError(
    `finetuning left the finite numbers in step ${step + 1}: ${error.message}; take a learning rate below ${learningRate}`,
    { cause: error },
  );
}
