import { differentiate } from '../graph/differentiate.ts';
import * as g from '../graph/operators/index.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import { numbers } from '../model/feeds.ts';
import { encodeFor } from '../runtime/encode-for.ts';
import type { Handle, Runtime, Session, TensorData } from '../runtime/runtime.ts';
import { releaseOnFailure } from '../runtime/scope.ts';
import { type AdamSettings, adamGraph, adamNames, adamNumbers } from './adam.ts';
import type { Feeds, Numbers, Objective, Parameter } from './objective.ts';

/** Everything that training changes: equal states continue equally. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  readonly parameters: Numbers;
  /** Adam's moments. */
  readonly first: Numbers;
  readonly second: Numbers;
}

export interface Trainer {
  /** Steps done. */
  readonly step: () => number;
  /**
   * One step of Adam on the mean loss of the batches, which are computed one by one.
   *
   * @returns the loss before the step and the norm of the gradient before it is clipped
   * @throws NonFiniteError when the step diverges. The state is that before the step; if some
   * chunks of a large model were already updated, it is undefined, and everything but `restore` and
   * `close` throws
   */
  take(
    batches: readonly Feeds[],
    learningRate: number,
  ): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  /** Outputs of the objective, or `loss`, with the current parameters. */
  evaluate(feeds: Feeds, fetch: readonly string[]): Promise<Readonly<Record<string, TensorData>>>;
  state(): Promise<TrainerState>;
  /** Replaces the state. After a failure the state is undefined. */
  restore(state: TrainerState): Promise<void>;
  /** Closes the sessions and releases the tensors, but not the runtime. */
  close(): Promise<void>;
}

const LOSS = 'loss';
const NORM = 'gradient_norm';
const SHARE = 'share';
const sumSofar = (name: string) => `sum.${name}`;

type Handles = Readonly<Record<string, Handle>>;

/**
 * Opens an objective for training by Adam. Parameters, gradients and moments stay in the executor.
 *
 * @param options.chunkSize numbers that are updated together at most; a larger parameter alone
 */
export async function openTrainer(
  runtime: Runtime,
  objective: Objective,
  initial: Numbers,
  adam: AdamSettings,
  { chunkSize = CHUNK }: { readonly chunkSize?: number } = {},
): Promise<Trainer> {
  const { parameters } = objective;
  const namesOfAll = parameters.map(({ name }) => name);
  const sessions = new Map<string, Promise<Session>>();
  const session = (name: string, outputs: () => Readonly<Record<string, Tensor>>): Promise<Session> => {
    const known = sessions.get(name);
    if (known !== undefined) return known;
    const opened = runtime.openSession({ name, model: encodeFor(runtime.device, { name, outputs: outputs() }) });
    sessions.set(name, opened);
    return opened;
  };

  let steps = 0;
  /** Why parameters and moments do not belong to one step any more. */
  let spoiled: string | undefined;
  const requireWhole = () => {
    if (spoiled !== undefined) throw new Error(`the state of the trainer is undefined: ${spoiled}; restore one`);
  };
  /** Parameters and moments, by their names in the graph of Adam. */
  const current: Record<string, Handle> = await releaseOnFailure({ runtime }, async owner => {
    const begun: Record<string, Handle> = {};
    for (const { name, shape } of parameters) {
      const begin = async (key: string, data: Float32Array) => {
        begun[key] = await owner.runtime.upload(key, { type: 'float32', dims: shape, data });
      };
      await begin(name, initial[name]!);
      await begin(adamNames.first(name), new Float32Array(initial[name]!.length));
      await begin(adamNames.second(name), new Float32Array(initial[name]!.length));
    }
    return begun;
  });
  /** Gradients of the last step; a second set where several batches are summed. */
  let gradients: Handles = {};
  let spareGradients: Handles = {};

  async function place({ step, parameters: own, first, second }: TrainerState): Promise<void> {
    const tensors = parameters.flatMap(({ name, shape }) =>
      (
        [
          [name, own],
          [adamNames.first(name), first],
          [adamNames.second(name), second],
        ] as const
      ).map(([key, numbers]) => {
        if (numbers[name] === undefined) throw new Error(`${key}: the state has no such tensor`);
        return { key, tensor: { type: 'float32', dims: shape, data: numbers[name] } as const };
      }),
    );
    spoiled = `restoring step ${step} failed`;
    for (const { key, tensor } of tensors) await replace({ [key]: await runtime.upload(key, tensor) });
    steps = step;
    spoiled = undefined;
  }

  async function replace(next: Handles): Promise<void> {
    const old = Object.keys(next).flatMap(name => current[name] ?? []);
    Object.assign(current, next);
    await runtime.release(old);
  }

  const feedsOf = ({ inputs }: Session, feeds: Readonly<Record<string, TensorData | Handle>>) =>
    Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.includes(name)));

  /** Writes the gradients of a batch, or adds them to those that are there. */
  async function addGradients(batch: Feeds, share: number, isFirst: boolean, doing: string) {
    const opened = await (isFirst
      ? session('training', () => trainingGraph(objective, false))
      : session('training, summed', () => trainingGraph(objective, true)));
    const sofar = isFirst
      ? {}
      : Object.fromEntries(namesOfAll.map(name => [sumSofar(name), gradients[adamNames.gradient(name)]!]));
    const into = isFirst ? gradients : spareGradients;
    const { kept, fetched } = await runtime.run(opened, {
      doing,
      // A number that is not finite in any of them is not finite in their norm.
      trusted: namesOfAll.map(adamNames.gradient),
      feeds: feedsOf(opened, { ...batch, ...current, ...sofar, [SHARE]: numbers([1], [share]) }),
      ...(Object.keys(into).length === 0 ? { keep: namesOfAll.map(adamNames.gradient) } : { into }),
      fetch: [LOSS, NORM],
    });
    if (!isFirst) spareGradients = gradients;
    gradients = kept;
    return { loss: fetched[LOSS]!.data[0]!, norm: fetched[NORM]!.data[0]! };
  }

  return {
    step: () => steps,

    async take(batches, learningRate) {
      requireWhole();
      const doing = `step ${steps + 1}`;
      let [loss, gradientNorm] = [0, 0];
      for (const [i, batch] of batches.entries()) {
        const added = await addGradients(batch, 1 / batches.length, i === 0, doing);
        loss += added.loss / batches.length;
        gradientNorm = added.norm;
      }
      const changing = adamNumbers(adam, learningRate, steps + 1, gradientNorm);
      for (const [i, chunk] of chunks(parameters, chunkSize).entries()) {
        const opened = await session(`adam ${i + 1}`, () => adamGraph(chunk, adam));
        const outputs = chunk.flatMap(({ name }) => [name, adamNames.first(name), adamNames.second(name)]);
        const { kept } = await runtime.run(opened, {
          doing,
          feeds: feedsOf(opened, { ...current, ...gradients, ...changing }),
          keep: outputs.map(adamNames.updated),
          // The parameters, which are checked, are computed from the others.
          trusted: outputs.filter(output => !(output in initial)).map(adamNames.updated),
        });
        spoiled = `${doing} failed with ${i + 1} chunks of its parameters replaced`;
        await replace(Object.fromEntries(outputs.map(name => [name, kept[adamNames.updated(name)]!])));
      }
      spoiled = undefined;
      steps++;
      return { loss, gradientNorm };
    },

    async evaluate(feeds, fetch) {
      requireWhole();
      const opened = await session(`forward to ${fetch.join(', ')}`, () => {
        const { loss, outputs } = objective.build(fedParameters(objective));
        const all: Readonly<Record<string, Tensor>> = { ...outputs, [LOSS]: loss };
        return Object.fromEntries(fetch.map(name => [name, all[name]!]));
      });
      const { fetched } = await runtime.run(opened, {
        doing: `evaluating after step ${steps}`,
        feeds: feedsOf(opened, { ...feeds, ...current }),
        fetch,
      });
      return fetched;
    },

    async state() {
      requireWhole();
      const read = async (named: (name: string) => string): Promise<Numbers> => {
        const read: Record<string, Float32Array> = {};
        for (const name of namesOfAll) {
          read[name] = (await runtime.download(current[named(name)]!)).data as Float32Array;
        }
        return read;
      };
      return {
        step: steps,
        parameters: await read(name => name),
        first: await read(adamNames.first),
        second: await read(adamNames.second),
      };
    },

    restore: place,

    async close() {
      const opened = await Promise.allSettled(sessions.values());
      sessions.clear();
      await runtime.release([current, gradients, spareGradients].flatMap(set => Object.values(set)));
      for (const each of opened) if (each.status === 'fulfilled') await runtime.closeSession(each.value);
    },
  };
}

function fedParameters({ parameters }: Objective): (name: string) => Tensor {
  const tensors = new Map(parameters.map(({ name, shape }) => [name, input(name, 'float32', shape)]));
  return name => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`the objective has no parameter ${name}`);
    return found;
  };
}

/**
 * The loss [] and, for share * loss, share [1], `gradient.` of each parameter; with `summed` added
 * to what `sum.` of the parameter holds. Also the norm of all of these gradients together [].
 */
export function trainingGraph(objective: Objective, summed: boolean): Readonly<Record<string, Tensor>> {
  const parameter = fedParameters(objective);
  const { loss } = objective.build(parameter);
  const weighted = g.reshape(g.mul(loss, input(SHARE, 'float32', [1])), []);
  const gradients = differentiate(
    weighted,
    objective.parameters.map(({ name }) => parameter(name)),
  );
  const totals = objective.parameters.map(({ name, shape }, i) =>
    summed ? g.add(input(sumSofar(name), 'float32', shape), gradients[i]!) : gradients[i]!,
  );
  const squares = totals.map(total => g.reduceSum(g.mul(total, total), [...total.shape.keys()]));
  return {
    [LOSS]: loss,
    [NORM]: g.sqrt(squares.reduce(g.add)),
    ...Object.fromEntries(objective.parameters.map(({ name }, i) => [adamNames.gradient(name), totals[i]!])),
  };
}

/**
 * Numbers that one graph updates: memory holds their old and new values at the same time.
 */
const CHUNK = 16 * 2 ** 20;

/** Parameters in groups of at most so many numbers; a larger parameter is its own group. */
function chunks(parameters: readonly Parameter[], most: number): readonly (readonly Parameter[])[] {
  const groups: Parameter[][] = [];
  let space = 0;
  for (const parameter of parameters) {
    const size = parameter.shape.reduce((a, b) => a * b, 1);
    if (groups.length === 0 || size > space) {
      groups.push([]);
      space = most;
    }
    groups.at(-1)!.push(parameter);
    space -= size;
  }
  return groups;
}
