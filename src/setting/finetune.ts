import { UserError } from '../error.ts';
import { names } from '../model/graphs.ts';
import type { KeyValue, LoadedModel } from '../model/loaded-model.ts';
import { integers, numbers, tokenFeeds } from '../model/memory.ts';
import { NonFiniteError } from '../runtime/errors.ts';
import type { Handle } from '../runtime/runtime.ts';

export interface Finetuning {
  /** The changed projections. The caller releases them. */
  readonly keyValue: KeyValue;
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
 * Two sets of projections take turns as source and target, since a step must not overwrite what it still reads.
 *
 * @param sequences token ids, each with its document start, at least two tokens long
 * @throws UserError when a sequence is too short or too long, or when the loss leaves the finite numbers
 */
export async function finetune(
  model: LoadedModel,
  sequences: readonly (readonly number[])[],
  { learningRate, onQueries, onStep }: FinetuneOptions,
): Promise<Finetuning> {
  const { runtime, decoder } = model;
  for (const [i, sequence] of sequences.entries()) checkLength(sequence, i, decoder.context);
  const session = await model.session('gradient');
  const parameters = Object.keys(model.pretrained);
  const layers = Array.from({ length: decoder.layers }, (_, layer) => names.query(layer));
  const losses: number[] = [];
  let seconds = 0;
  let current = model.pretrained;
  let spare: KeyValue | undefined;
  for (const [step, sequence] of sequences.entries()) {
    const T = sequence.length;
    // The last token predicts nothing; it is fed for its query.
    const weights = [...Array(T - 1).fill(1 / (T - 1)), 0];
    const target = spare ?? (await reserveLike(model));
    const result = await runtime
      .run(session, {
        doing: `finetuning step ${step + 1} of ${sequences.length}`,
        feeds: {
          ...current,
          ...tokenFeeds(sequence, 0),
          [names.targets]: integers([T], [...sequence.slice(1), 0]),
          [names.targetWeights]: numbers([T], weights),
          [names.learningRate]: numbers([1], [learningRate]),
        },
        // Fetched whether asked or not: where numbers leave the finite ones, the first bad layer is named.
        fetch: [...layers, names.loss],
        into: Object.fromEntries(parameters.map(name => [names.updated(name), target[name]!])),
      })
      .catch(async error => {
        for (const set of [current, target]) await releaseIfAlive(model, set);
        throw explained(error, learningRate, step);
      });
    // The pretrained set is never written.
    spare = current === model.pretrained ? undefined : current;
    current = target;
    const loss = result.fetched[names.loss]!.data[0]!;
    losses.push(loss);
    seconds += result.seconds;
    onQueries?.(
      step,
      layers.map(name => result.fetched[name]!.data as Float32Array),
    );
    onStep?.(step, loss);
  }
  if (spare !== undefined) await releaseKeyValue(model, spare);
  return { keyValue: current, losses, seconds };
}

/** Room for changed projections. */
async function reserveLike({ runtime, pretrained }: LoadedModel): Promise<KeyValue> {
  const room = await runtime.reserve(Object.values(pretrained));
  return Object.fromEntries(Object.keys(pretrained).map((name, i) => [name, room[i]!]));
}

/** Frees changed projections; those of the checkpoint stay. */
export async function releaseKeyValue({ runtime, pretrained }: LoadedModel, keyValue: KeyValue): Promise<void> {
  if (keyValue !== pretrained) await runtime.release(Object.values(keyValue) as Handle[]);
}

/** After a crash there is nothing left to free, and the first error is the one to tell. */
async function releaseIfAlive(model: LoadedModel, keyValue: KeyValue): Promise<void> {
  if (model.runtime.crash() === undefined) await releaseKeyValue(model, keyValue).catch(() => undefined);
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
