import type { Engine, EngineSession } from './engine.ts';
import { NonFiniteError } from './errors.ts';
import { misfit } from './feeds.ts';
import { type Answers, describeShape, type Kind, type Request, type Shape, type TensorData } from './protocol.ts';
import { squaredDistance } from './squared-distance.ts';

interface OpenSession<T extends Shape> {
  readonly name: string;
  readonly session: EngineSession<T>;
  /** input -> handle */
  readonly weights: Readonly<Record<string, number>>;
}

/** A tensor. `spoiled` says why its content is undefined. */
interface Held<T> {
  readonly name: string;
  tensor: T;
  spoiled: string | undefined;
}

type RequestOf<K extends Kind> = Extract<Request, { kind: K }>;

/** Executes one request; the next may follow when its answer is there. */
export type Executor = (request: Request) => Promise<Answers[Kind]>;

/** Holds the sessions and tensors of an engine. */
export function createExecutor<T extends Shape>(engine: Engine<T>): Executor {
  const sessions = new Map<number, OpenSession<T>>();
  const held = new Map<number, Held<T>>();

  function hold(id: number, name: string, tensor: T): Shape {
    held.set(id, { name, tensor, spoiled: undefined });
    return shapeOf(tensor);
  }

  function sessionOf(id: number): OpenSession<T> {
    const open = sessions.get(id);
    if (open === undefined) throw new Error(`there is no session ${id}`);
    return open;
  }

  function use(id: number): T {
    const { name, tensor, spoiled } = heldOf(id);
    if (spoiled !== undefined) throw new Error(`tensor ${name} is undefined: ${spoiled}`);
    return tensor;
  }

  function heldOf(id: number): Held<T> {
    const found = held.get(id);
    if (found === undefined) throw new Error(`there is no tensor ${id}: the request that creates it failed`);
    return found;
  }

  async function open({ session: id, weights, ...request }: RequestOf<'open'>): Promise<Answers['open']> {
    const { name } = request;
    const session = await engine.openSession(request).catch(error => {
      throw new Error(`onnxruntime cannot open session ${name}: ${firstLine(error)}`);
    });
    sessions.set(id, { name, session, weights });
    const inputs = session.inputs.map(input => input.name).filter(input => !(input in weights));
    return { inputs, outputs: session.outputs };
  }

  async function run(request: RequestOf<'run'>): Promise<Answers['run']> {
    const { name, session, weights } = sessionOf(request.session);
    const targets = Object.entries(request.into).map(([output, id]) => ({ output, target: heldOf(id) }));
    /** Tensors that nothing holds after this run. */
    const unused = new Set<T>();
    try {
      const feeds = mapValues(request.feeds, feed => {
        if ('handle' in feed) return use(feed.handle);
        const tensor = engine.feed(feed);
        unused.add(tensor);
        return tensor;
      });
      const all = { ...feeds, ...mapValues(weights, use) };
      const requested = new Set([...request.fetch, ...Object.keys(request.keep), ...Object.keys(request.into)]);
      const problem = misfit(session.inputs, all) ?? unknownOutput(session.outputs, requested);
      if (problem !== undefined) throw new Error(`session ${name}: ${problem}`);
      const outputs = session.outputs.filter(output => requested.has(output));
      const into = Object.fromEntries(targets.map(({ output, target }) => [output, target.tensor]));
      const started = performance.now();
      const made = await session.run(all, outputs, into).catch(error => {
        throw new Error(`onnxruntime failed in session ${name} fed ${describeFeeds(feeds)}: ${firstLine(error)}`);
      });
      const seconds = (performance.now() - started) / 1000;
      for (const tensor of Object.values(made)) unused.add(tensor);
      for (const { output, target } of targets) refuseOtherShape(name, output, made[output]!, target);
      await refuseNonFinite(engine, name, made, request.trusted, feeds);
      const fetched: Record<string, TensorData> = {};
      for (const output of request.fetch) fetched[output] = await engine.download(made[output]!);
      const kept: Record<string, Shape> = {};
      for (const [output, id] of Object.entries(request.keep)) {
        kept[output] = hold(id, output, made[output]!);
        unused.delete(made[output]!);
      }
      for (const { output, target } of targets) {
        unused.add(target.tensor);
        target.tensor = made[output]!;
        target.spoiled = undefined;
        unused.delete(target.tensor);
        kept[output] = shapeOf(target.tensor);
      }
      return { fetched, kept, seconds };
    } catch (error) {
      for (const { output, target } of targets) {
        target.spoiled = `the run that computes its new value (${output}) failed`;
        unused.delete(target.tensor);
      }
      throw error;
    } finally {
      engine.dispose([...unused]);
    }
  }

  const answers: { readonly [K in Kind]: (request: RequestOf<K>) => Answers[K] | Promise<Answers[K]> } = {
    open,
    run,
    async close(request) {
      await sessionOf(request.session).session.release();
      sessions.delete(request.session);
      return {};
    },
    async upload({ handle, name, tensor }) {
      hold(handle, name, await engine.upload(tensor));
      return {};
    },
    async source(source) {
      if (engine.addSource === undefined) throw new Error(`source ${source.name}: this engine reads files`);
      await engine.addSource(source);
      return {};
    },
    async load({ handles, locations }) {
      const loaded: T[] = [];
      for (const location of locations) {
        const { name, file } = location;
        const tensor = await engine.upload(await engine.read(location), location.as);
        const found = await engine.firstNonFinite(tensor);
        if (found !== undefined) {
          const message = `${file}: tensor ${name} holds ${found.value} at element ${found.index}`;
          throw new NonFiniteError(message, { session: undefined, tensor: name });
        }
        loaded.push(tensor);
      }
      return { shapes: loaded.map((tensor, i) => hold(handles[i]!, locations[i]!.name, tensor)) };
    },
    async download({ handle }) {
      return { tensor: await engine.download(use(handle)) };
    },
    async concatenate({ handle, name, parts, axis }) {
      return { shape: hold(handle, name, await engine.concatenate(parts.map(use), axis)) };
    },
    async distance({ pairs }) {
      let squared = 0;
      for (const [a, b] of pairs) {
        squared = squaredDistance(await engine.download(use(a)), await engine.download(use(b)), squared);
      }
      return { squared };
    },
    release({ handles }) {
      // A handle is missing when the request that creates it failed.
      const released = handles.flatMap(id => held.get(id) ?? []);
      for (const id of handles) held.delete(id);
      engine.dispose(released.map(({ tensor }) => tensor));
      return {};
    },
    tensors: () => ({ names: [...held.values()].map(({ name }) => name) }),
    memory: engine.memory,
  };

  return async request =>
    (answers[request.kind] as (request: Request) => Answers[Kind] | Promise<Answers[Kind]>)(request);
}

/** @throws NonFiniteError at the first output, in the order of the session, with NaN or infinity */
async function refuseNonFinite<T extends Shape>(
  engine: Engine<T>,
  session: string,
  outputs: Readonly<Record<string, T>>,
  trusted: readonly string[],
  feeds: Readonly<Record<string, T>>,
): Promise<void> {
  for (const [tensor, output] of Object.entries(outputs)) {
    if (trusted.includes(tensor)) continue;
    const found = await engine.firstNonFinite(output);
    if (found === undefined) continue;
    let blame = '';
    for (const [name, feed] of Object.entries(feeds)) {
      if ((await engine.firstNonFinite(feed)) === undefined) continue;
      blame = `; the input ${name} contains NaN or infinity`;
      break;
    }
    const [what, where] =
      output.dims.length === 0 ? [tensor, ''] : [`${tensor} ${describeShape(output)}`, ` at element ${found.index}`];
    throw new NonFiniteError(`${what} of ${session} holds ${found.value}${where}${blame}`, { session, tensor });
  }
}

function refuseOtherShape(session: string, output: string, made: Shape, target: Held<Shape>): void {
  const [given, needed] = [describeShape(made), describeShape(target.tensor)];
  if (given === needed) return;
  throw new Error(`session ${session}: output ${output} is ${given}, the tensor ${target.name} is ${needed}`);
}

function unknownOutput(outputs: readonly string[], requested: ReadonlySet<string>): string | undefined {
  const unknown = [...requested].find(output => !outputs.includes(output));
  return unknown && `there is no output ${unknown}; outputs are ${outputs.join(', ')}`;
}

function describeFeeds(feeds: Readonly<Record<string, Shape>>): string {
  return Object.entries(feeds)
    .map(([name, feed]) => `${name} ${describeShape(feed)}`)
    .join(', ');
}

function shapeOf({ type, dims }: Shape): Shape {
  return { type, dims };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
