import { differentiate } from '../graph/differentiate.ts';
import { encodeOnnx } from '../graph/onnx/encode.ts';
import * as g from '../graph/operators/index.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Handle, Runtime, Session, TensorData } from '../runtime/runtime.ts';
import { type AdamSettings, adamGraph, adamNames, adamNumbers } from './adam.ts';
import type { Feeds, Numbers, Problem } from './problem.ts';

/** All that training changes: equal states go on equally. */
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
   * One step of Adam on the mean loss of the batches, each of which goes through the model on its own.
   *
   * @returns the loss before the step and the norm of the gradient before it is clipped
   * @throws NonFiniteError when a number leaves the finite ones; the parameters are those before the step
   */
  take(
    batches: readonly Feeds[],
    learningRate: number,
  ): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  /** Outputs of the problem, or `loss`, with the parameters as they are. */
  evaluate(feeds: Feeds, fetch: readonly string[]): Promise<Readonly<Record<string, TensorData>>>;
  state(): Promise<TrainerState>;
  restore(state: TrainerState): Promise<void>;
  /** Closes the sessions and releases the tensors; the runtime stays open. */
  close(): Promise<void>;
}

const LOSS = 'loss';
const SHARE = 'share';
const sumSofar = (name: string) => `sum.${name}`;

type Handles = Readonly<Record<string, Handle>>;

/**
 * Puts a problem beside the runtime, ready to be trained by Adam. Parameters and moments stay in the compute process; each step
 * writes them into a second set, which is the first of the next.
 */
export async function openTrainer(
  runtime: Runtime,
  problem: Problem,
  initial: Numbers,
  adam: AdamSettings,
): Promise<Trainer> {
  const { parameters } = problem;
  const namesOfAll = parameters.map(({ name }) => name);
  const sessions = new Map<string, Promise<Session>>();
  const session = (name: string, outputs: () => Readonly<Record<string, Tensor>>): Promise<Session> => {
    const known = sessions.get(name);
    if (known !== undefined) return known;
    const opened = runtime.openSession({ name, model: encodeOnnx({ name, outputs: outputs() }) });
    sessions.set(name, opened);
    return opened;
  };

  let steps = 0;
  /** Parameters and moments, by the names under which Adam reads them. */
  let current: Handles = {};
  /** Where the next step writes; nothing before the first. */
  let spare: Handles = {};
  /** Gradients of the last step, two sets where several batches are summed. */
  let gradients: Handles = {};
  let spareGradients: Handles = {};

  async function place({ step, parameters: own, first, second }: TrainerState): Promise<void> {
    await runtime.release([...Object.values(current), ...Object.values(spare)]);
    spare = {};
    const put = async (name: string, shape: readonly number[], data: Float32Array | undefined) => {
      if (data === undefined) throw new Error(`${name}: the state has no such tensor`);
      return [name, await runtime.upload(name, { type: 'float32', dims: shape, data })] as const;
    };
    const placed: (readonly [string, Handle])[] = [];
    for (const { name, shape } of parameters) {
      placed.push(await put(name, shape, own[name]));
      placed.push(await put(adamNames.first(name), shape, first[name]));
      placed.push(await put(adamNames.second(name), shape, second[name]));
    }
    current = Object.fromEntries(placed);
    steps = step;
  }

  /** Runs a session that writes a whole set of tensors: into the given ones, or new ones where there are none. */
  async function write(
    opened: Session,
    doing: string,
    feeds: Readonly<Record<string, TensorData | Handle>>,
    { outputs, into, fetch }: { readonly outputs: readonly string[]; readonly into: Handles; readonly fetch: string },
  ): Promise<{ readonly written: Handles; readonly fetched: number }> {
    const fresh = Object.keys(into).length === 0;
    const { kept, fetched } = await runtime.run(opened, {
      doing,
      feeds: Object.fromEntries(Object.entries(feeds).filter(([name]) => opened.inputs.includes(name))),
      ...(fresh ? { keep: outputs } : { into }),
      fetch: [fetch],
    });
    return { written: kept, fetched: fetched[fetch]!.data[0]! };
  }

  const only = (set: Handles, wanted: readonly string[]) =>
    Object.fromEntries(wanted.flatMap(name => (set[name] === undefined ? [] : [[name, set[name]]])));

  async function addGradients(batch: Feeds, share: number, isFirst: boolean, doing: string): Promise<number> {
    const opened = await (isFirst
      ? session('gradient', () => trainingGraph(problem, false))
      : session('gradient, summed', () => trainingGraph(problem, true)));
    const outputs = namesOfAll.map(adamNames.gradient);
    const sofar = isFirst
      ? {}
      : Object.fromEntries(namesOfAll.map(name => [sumSofar(name), gradients[adamNames.gradient(name)]!]));
    const { written, fetched } = await write(
      opened,
      doing,
      { ...batch, ...current, ...sofar, [SHARE]: scalar(share) },
      { outputs, into: only(isFirst ? gradients : spareGradients, outputs), fetch: LOSS },
    );
    if (!isFirst) spareGradients = gradients;
    gradients = written;
    return fetched;
  }

  const zeros = Object.fromEntries(
    parameters.map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
  );
  await place({ step: 0, parameters: initial, first: zeros, second: zeros });

  return {
    step: () => steps,

    async take(batches, learningRate) {
      const doing = `step ${steps + 1}`;
      let loss = 0;
      for (const [i, batch] of batches.entries()) {
        loss += (await addGradients(batch, 1 / batches.length, i === 0, doing)) / batches.length;
      }
      const numbers = adamNumbers(adam, learningRate, steps + 1);
      const update = await session('adam', () => adamGraph(parameters, adam));
      const feeds = { ...current, ...gradients, rate: scalar(numbers.rate), epsilon: scalar(numbers.epsilon) };
      const { written, fetched } = await write(update, doing, feeds, {
        outputs: Object.keys(current).map(adamNames.updated),
        into: Object.fromEntries(Object.entries(spare).map(([name, handle]) => [adamNames.updated(name), handle])),
        fetch: adamNames.norm,
      });
      spare = current;
      current = Object.fromEntries(Object.keys(current).map(name => [name, written[adamNames.updated(name)]!]));
      steps++;
      return { loss, gradientNorm: fetched };
    },

    async evaluate(feeds, fetch) {
      const opened = await session(`forward to ${fetch.join(', ')}`, () => {
        const { loss, outputs } = problem.build(fedParameters(problem));
        const all: Readonly<Record<string, Tensor>> = { ...outputs, [LOSS]: loss };
        return Object.fromEntries(fetch.map(name => [name, all[name]!]));
      });
      const { fetched } = await runtime.run(opened, {
        doing: `evaluating after step ${steps}`,
        feeds: Object.fromEntries(
          Object.entries({ ...feeds, ...current }).filter(([name]) => opened.inputs.includes(name)),
        ),
        fetch,
      });
      return fetched;
    },

    async state() {
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
      for (const opened of sessions.values()) await runtime.closeSession(await opened);
      sessions.clear();
      await runtime.release([current, spare, gradients, spareGradients].flatMap(set => Object.values(set)));
    },
  };
}

function fedParameters({ parameters }: Problem): (name: string) => Tensor {
  const tensors = new Map(parameters.map(({ name, shape }) => [name, input(name, 'float32', shape)]));
  return name => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`the problem has no parameter ${name}`);
    return found;
  };
}

/** The loss [], and `gradient.` of each parameter for share * loss, share [1]; with `summed` added to what `sum.` of the parameter holds. */
export function trainingGraph(problem: Problem, summed: boolean): Readonly<Record<string, Tensor>> {
  const parameter = fedParameters(problem);
  const { loss } = problem.build(parameter);
  const weighted = g.reshape(g.multiply(loss, input(SHARE, 'float32', [1])), []);
  const gradients = differentiate(
    weighted,
    problem.parameters.map(({ name }) => parameter(name)),
  );
  const outputs = problem.parameters.map(({ name, shape }, i) => {
    const gradient = gradients[i]!;
    return [
      adamNames.gradient(name),
      summed ? g.add(input(sumSofar(name), 'float32', shape), gradient) : gradient,
    ] as const;
  });
  return { [LOSS]: loss, ...Object.fromEntries(outputs) };
}

function scalar(value: number): TensorData {
  return { type: 'float32', dims: [1], data: Float32Array.of(value) };
}
