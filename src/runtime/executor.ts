import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { concatenate } from './concatenate.ts';
import { NonFiniteError } from './errors.ts';
import { type Expected, misfit } from './feeds.ts';
import { firstNonFinite } from './finite.ts';
import { ownMemory } from './node/memory.ts';
import { readTensor } from './node/read-tensor.ts';
import { sessionOptions } from './node/session-options.ts';
import { type Answers, describeShape, type Kind, type Order, type Shape, type TensorData } from './protocol.ts';

interface OpenSession {
  readonly name: string;
  readonly session: InferenceSession;
  readonly inputs: readonly Expected[];
}

/** A tensor that lives here. `spoiled` says why its content cannot be trusted any more. */
interface Held {
  readonly name: string;
  readonly data: TensorData;
  spoiled: string | undefined;
}

type RequestOf<K extends Kind> = Extract<Order, { kind: K }>;

/** Buffers without a user return to the system at a collection, which V8 may put off: force one after so many bytes. */
const garbageLimit = 256 * 2 ** 20;

/** Everything that the compute process owns, as a function from orders to answers. */
export function createExecutor({ threads }: { readonly threads: number }): (order: Order) => Promise<Answers[Kind]> {
  env.logLevel = 'error';
  const sessions = new Map<number, OpenSession>();
  const held = new Map<number, Held>();
  let garbage = 0;

  function discard(bytes: number): void {
    garbage += bytes;
    if (garbage < garbageLimit) return;
    garbage = 0;
    globalThis.gc?.();
  }

  function hold(id: number, name: string, data: TensorData): Shape {
    held.set(id, { name, data, spoiled: undefined });
    return shapeOf(data);
  }

  function sessionOf(id: number): OpenSession {
    const open = sessions.get(id);
    if (open === undefined) throw new Error(`there is no session ${id}`);
    return open;
  }

  function use(id: number): TensorData {
    const { name, data, spoiled } = heldOf(id);
    if (spoiled !== undefined) throw new Error(`tensor ${name} is void: ${spoiled}`);
    return data;
  }

  function heldOf(id: number): Held {
    const found = held.get(id);
    if (found === undefined) throw new Error(`there is no tensor ${id}: the request that was to make it failed`);
    return found;
  }

  async function open(order: RequestOf<'open'>): Promise<Answers['open']> {
    const { name, model, weightsRoot, prepack } = order;
    const session = await InferenceSession.create(model, sessionOptions({ threads, weightsRoot, prepack })).catch(
      error => {
        throw new Error(`onnxruntime cannot open session ${name}: ${firstLine(error)}`);
      },
    );
    const inputs = session.inputMetadata.map((input): Expected => {
      if (!input.isTensor) throw new Error(`session ${name}: input ${input.name} is not a tensor`);
      return { name: input.name, type: input.type, shape: input.shape };
    });
    sessions.set(order.session, { name, session, inputs });
    return { inputs: session.inputNames, outputs: session.outputNames };
  }

  async function run(order: RequestOf<'run'>): Promise<Answers['run']> {
    const { name, session, inputs } = sessionOf(order.session);
    const targets = Object.entries(order.into).map(([output, id]) => ({ output, target: heldOf(id) }));
    try {
      const feeds = mapValues(order.feeds, feed => ('handle' in feed ? use(feed.handle) : feed));
      const asked = new Set([...order.fetch, ...Object.keys(order.keep), ...Object.keys(order.into)]);
      const problem = misfit(inputs, feeds) ?? unknownOutput(session, asked);
      if (problem !== undefined) throw new Error(`session ${name}: ${problem}`);
      const outputs = [...session.outputNames].filter(output => asked.has(output));
      const fetches: Record<string, Tensor | null> = Object.fromEntries(outputs.map(output => [output, null]));
      for (const { output, target } of targets) fetches[output] = tensorOf(target.data);
      const started = performance.now();
      const results = await session.run(mapValues(feeds, tensorOf), fetches).catch(error => {
        throw new Error(`onnxruntime failed in session ${name} fed ${describeFeeds(feeds)}: ${firstLine(error)}`);
      });
      const seconds = (performance.now() - started) / 1000;
      const made = Object.fromEntries(outputs.map(output => [output, dataOf(output, results[output] as Tensor)]));
      refuseNonFinite(name, made, order.trusted, feeds);
      const kept: Record<string, Shape> = {};
      for (const [output, id] of Object.entries(order.keep)) kept[output] = hold(id, output, made[output]!);
      for (const { output, target } of targets) {
        kept[output] = shapeOf(made[output]!);
        target.spoiled = undefined;
      }
      const fetched = Object.fromEntries(order.fetch.map(output => [output, made[output]!]));
      discard(sumBytes(order.fetch.filter(output => !(output in kept)).map(output => made[output]!)));
      return { fetched, kept, seconds };
    } catch (error) {
      for (const { output, target } of targets) target.spoiled = `it was to become ${output} of a run that failed`;
      throw error;
    }
  }

  const answers: { readonly [K in Kind]: (order: RequestOf<K>) => Answers[K] | Promise<Answers[K]> } = {
    open,
    run,
    async close(order) {
      await sessionOf(order.session).session.release();
      sessions.delete(order.session);
      // Outputs that await collection hold memory of the session.
      discard(garbageLimit);
      return {};
    },
    upload({ handle, name, tensor }) {
      hold(handle, name, tensor);
      return {};
    },
    load({ handles, locations }) {
      const loaded = locations.map(location => {
        const tensor = readTensor(location);
        const index = firstNonFinite(tensor.data as Float32Array);
        if (index >= 0) {
          throw new NonFiniteError(
            `${location.file}: tensor ${location.name} holds ${tensor.data[index]} at element ${index}`,
            {
              session: undefined,
              tensor: location.name,
            },
          );
        }
        return tensor;
      });
      return { shapes: loaded.map((tensor, i) => hold(handles[i]!, locations[i]!.name, tensor)) };
    },
    download({ handle }) {
      return { tensor: use(handle) };
    },
    concatenate({ handle, name, parts, axis }) {
      return { shape: hold(handle, name, concatenate(parts.map(use), axis)) };
    },
    release({ handles }) {
      // A handle is missing when the request that was to make it failed.
      const gone = handles.flatMap(id => held.get(id) ?? []);
      for (const id of handles) held.delete(id);
      discard(sumBytes(gone.map(({ data }) => data)));
      return {};
    },
    tensors: () => ({ names: [...held.values()].map(({ name }) => name) }),
    memory: ownMemory,
  };

  return async order => (answers[order.kind] as (order: Order) => Answers[Kind] | Promise<Answers[Kind]>)(order);
}

/** Stops at the first output, in the order of the session, that holds NaN or infinity. */
function refuseNonFinite(
  session: string,
  outputs: Readonly<Record<string, TensorData>>,
  trusted: readonly string[],
  feeds: Readonly<Record<string, TensorData>>,
): void {
  for (const [tensor, { type, dims, data }] of Object.entries(outputs)) {
    if (type !== 'float32' || trusted.includes(tensor)) continue;
    const index = firstNonFinite(data);
    if (index < 0) continue;
    const culprit = Object.entries(feeds).find(([, feed]) => feed.type === 'float32' && firstNonFinite(feed.data) >= 0);
    const blame = culprit === undefined ? '' : `; the fed tensor ${culprit[0]} held such a number already`;
    const [what, where] =
      dims.length === 0 ? [tensor, ''] : [`${tensor} ${describeShape({ type, dims })}`, ` at element ${index}`];
    throw new NonFiniteError(`${what} of ${session} holds ${data[index]}${where}${blame}`, { session, tensor });
  }
}

function unknownOutput(session: InferenceSession, asked: ReadonlySet<string>): string | undefined {
  const unknown = [...asked].find(output => !session.outputNames.includes(output));
  return unknown && `there is no output ${unknown}; outputs are ${session.outputNames.join(', ')}`;
}

function describeFeeds(feeds: Readonly<Record<string, TensorData>>): string {
  return Object.entries(feeds)
    .map(([name, feed]) => `${name} ${describeShape(feed)}`)
    .join(', ');
}

function tensorOf({ type, dims, data }: TensorData): Tensor {
  return type === 'float32' ? new Tensor(type, data, dims) : new Tensor(type, data, dims);
}

function dataOf(output: string, { type, dims, data }: Tensor): TensorData {
  if (type === 'float32') return { type, dims, data: data as Float32Array };
  if (type === 'int32') return { type, dims, data: data as Int32Array };
  throw new Error(`output ${output} is ${type}; only float32 and int32 leave a graph`);
}

function shapeOf({ type, dims }: Shape): Shape {
  return { type, dims };
}

function sumBytes(tensors: readonly TensorData[]): number {
  return tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
