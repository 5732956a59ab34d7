import type { Connection } from './connection.ts';
import { type DerivedInput, fedByCaller, withDerived } from './derived.ts';
import type { Crash } from './errors.ts';
import {
  describeShape,
  elementCount,
  type Feed,
  type Location,
  type Memory,
  type Shape,
  type TensorData,
} from './protocol.ts';

export type { Location, TensorData };

/** A tensor in the executor, next to the sessions. */
export interface Handle extends Shape {
  readonly id: number;
  readonly name: string;
}

/** A graph that is ready to run. */
export interface Session {
  readonly id: number;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface SessionRequest {
  readonly name: string;
  /** ONNX bytes; locations of external data are relative to `weightsRoot`, which may be `/`. */
  readonly model: Uint8Array;
  readonly weightsRoot?: string;
  /** Files, or names of sources, that hold the external data of the model. A browser needs them. */
  readonly sources?: readonly string[];
  /**
   * Copies weights into the layout that matrix products read fastest; needs memory for the copy.
   */
  readonly prepack?: boolean;
  /** Inputs that every run is fed these tensors. They must outlive the session. */
  readonly weights?: Readonly<Record<string, Handle>>;
  /**
   * Inputs that `run` computes from others, which are fed in their place: float32 [N, columns] from
   * the int32 tensor `from` [N].
   */
  readonly derived?: Readonly<Record<string, DerivedInput>>;
}

export interface RunRequest {
  /** For progress and error messages, for instance `in-context batch 3 of 13`. */
  readonly doing: string;
  readonly feeds: Readonly<Record<string, TensorData | Handle>>;
  /** Outputs that are returned. */
  readonly fetch?: readonly string[];
  /** Outputs that stay in the executor; their handles are returned. */
  readonly keep?: readonly string[];
  /**
   * Outputs that overwrite the tensors of these handles. They have the same shape and are not fed
   * in this run.
   */
  readonly into?: Readonly<Record<string, Handle>>;
  /**
   * Large outputs that are not checked for NaN and infinity, since others of the run or its feeds
   * show them.
   */
  readonly trusted?: readonly string[];
}

export interface RunResult {
  /** The fetched tensors are views of one buffer. */
  readonly fetched: Readonly<Record<string, TensorData>>;
  /** Handles of `keep` (new ones) and of `into` (the given ones), by output. */
  readonly kept: Readonly<Record<string, Handle>>;
  /** Time inside the graph. */
  readonly seconds: number;
}

export interface Usage extends Memory {
  readonly sessions: number;
  readonly handles: number;
  /** Time inside graphs so far. */
  readonly graphSeconds: number;
}

/**
 * Sessions of onnxruntime and tensors, in a process or worker of their own. Requests are executed
 * in the order of the calls; a call need not wait for earlier ones. Every float output that is not
 * `trusted` is checked for NaN and infinity. Using a closed session or a released tensor throws.
 */
export interface Runtime {
  /** Where graphs are computed: `cpu`, `webgpu`, `cuda:1`, `wasm`. */
  readonly device: string;
  /** Threads of one graph. */
  readonly threads: number;
  /** How the executor ended unexpectedly; undefined while it lives. */
  readonly crash: () => Crash | undefined;
  openSession(request: SessionRequest): Promise<Session>;
  closeSession(session: Session): Promise<void>;
  upload(name: string, tensor: TensorData): Promise<Handle>;
  /**
   * Reads float tensors (F32, F16, BF16, widened to float32) from files, inside the compute
   * process.
   */
  load(locations: readonly Location[]): Promise<Handle[]>;
  /**
   * @throws NonFiniteError naming the first output, in the order of the session, with NaN or
   * infinity
   */
  run(session: Session, request: RunRequest): Promise<RunResult>;
  download(handle: Handle): Promise<TensorData>;
  /** A new tensor: the given ones joined along `axis`. */
  concatenate(name: string, handles: readonly Handle[], axis: number): Promise<Handle>;
  /**
   * The squared distance of tensors from others, computed where they are: in float64, pair by pair
   * and element by element.
   */
  squaredDistance(pairs: readonly (readonly [Handle, Handle])[]): Promise<number>;
  release(handles: readonly Handle[]): Promise<void>;
  /** Whether the tensor of a handle exists: this runtime made it and did not release it. */
  readonly has: (handle: Handle) => boolean;
  /**
   * Names of the tensors that the executor holds after all earlier requests. Tests find leaks with
   * it.
   */
  tensors(): Promise<readonly string[]>;
  /** Memory of the executor, now and at its peak, and what it holds. */
  usage(): Promise<Usage>;
  /** Ends the executor at once; unanswered requests fail. */
  close(): Promise<void>;
}

interface OpenSession {
  readonly session: Session;
  /** Of the graph itself. */
  readonly inputs: readonly string[];
  readonly derived: Readonly<Record<string, DerivedInput>>;
}

/** The runtime over a connection. The caller closes it. */
export function runtimeOver(connection: Connection): Runtime {
  const { device, threads, crash, ask, close } = connection;
  const sessions = new Map<number, OpenSession>();
  const handles = new Map<number, Handle>();
  let nextSession = 1;
  let nextHandle = 1;
  let graphSeconds = 0;

  function hold(id: number, name: string, { type, dims }: Shape): Handle {
    const handle = { id, name, type, dims };
    handles.set(id, handle);
    return handle;
  }

  function idOf(handle: Handle): number {
    if (handles.get(handle.id) === handle) return handle.id;
    throw new Error(`tensor ${handle.name} (handle ${handle.id}) was released, or belongs to another runtime`);
  }

  function opened(session: Session): OpenSession {
    const found = sessions.get(session.id);
    if (found?.session === session) return found;
    throw new Error(`session ${session.name} was closed, or belongs to another runtime`);
  }

  return {
    device,
    threads,
    crash,
    close,

    async openSession({ name, model, weightsRoot, sources = [], prepack = false, weights = {}, derived = {} }) {
      const id = nextSession++;
      const request = {
        kind: 'open',
        session: id,
        name,
        model,
        weightsRoot,
        sources,
        prepack,
        weights: mapValues(weights, idOf),
      } as const;
      const { inputs, outputs } = await ask(`opening session ${name}`, request);
      const session = { id, name, inputs: fedByCaller(inputs, derived), outputs };
      sessions.set(id, { session, inputs, derived });
      return session;
    },

    async closeSession(session) {
      const { id } = opened(session).session;
      sessions.delete(id);
      await ask(`closing session ${session.name}`, { kind: 'close', session: id });
    },

    async upload(name, tensor) {
      refuseUneven(name, tensor);
      const handle = nextHandle++;
      await ask(`uploading ${name}`, { kind: 'upload', handle, name, tensor });
      return hold(handle, name, tensor);
    },

    async load(locations) {
      const ids = locations.map(() => nextHandle++);
      const files = [...new Set(locations.map(({ file }) => file))].join(', ');
      const doing = `loading ${locations.length} tensors of ${files}`;
      const { shapes } = await ask(doing, { kind: 'load', handles: ids, locations });
      return locations.map(({ name }, i) => hold(ids[i]!, name, shapes[i]!));
    },

    async run(session, { doing, feeds, fetch = [], keep = [], into = {}, trusted = [] }) {
      const { inputs, derived } = opened(session);
      const fed = new Map<number, string>();
      const crossing = mapValues(withDerived(session.name, inputs, derived, feeds), (feed, name): Feed => {
        if ('data' in feed) {
          refuseUneven(name, feed);
          return feed;
        }
        fed.set(idOf(feed), name);
        return { handle: feed.id };
      });
      const targets = mapValues(into, idOf);
      refuseAliases(session.name, fed, targets);
      if (fetch.length + keep.length + Object.keys(into).length === 0) {
        throw new Error(`session ${session.name}: no output is requested, in ${doing}`);
      }
      const fresh = Object.fromEntries(keep.filter(output => !(output in into)).map(output => [output, nextHandle++]));
      const request = {
        kind: 'run',
        session: session.id,
        feeds: crossing,
        fetch,
        keep: fresh,
        into: targets,
        trusted,
      } as const;
      const { fetched, kept, seconds } = await ask(doing, request);
      graphSeconds += seconds;
      const made = mapValues(fresh, (handle, output) => hold(handle, output, kept[output]!));
      return { fetched, kept: { ...made, ...into }, seconds };
    },

    async download(handle) {
      return (await ask(`downloading ${handle.name}`, { kind: 'download', handle: idOf(handle) })).tensor;
    },

    async concatenate(name, parts, axis) {
      const handle = nextHandle++;
      const request = { kind: 'concatenate', handle, name, parts: parts.map(idOf), axis } as const;
      return hold(handle, name, (await ask(`concatenating ${name}`, request)).shape);
    },

    async squaredDistance(pairs) {
      const request = { kind: 'distance', pairs: pairs.map(([a, b]) => [idOf(a), idOf(b)] as const) } as const;
      return (await ask(`comparing ${pairs.length} tensors`, request)).squared;
    },

    async release(released) {
      const ids = released.map(idOf);
      for (const id of ids) handles.delete(id);
      await ask(`releasing ${ids.length} tensors`, { kind: 'release', handles: ids });
    },

    has: handle => handles.get(handle.id) === handle,

    async tensors() {
      return (await ask('listing tensors', { kind: 'tensors' })).names;
    },

    async usage() {
      const memory = await connection.memory();
      return { ...memory, sessions: sessions.size, handles: handles.size, graphSeconds };
    },
  };
}

/**
 * onnxruntime does not notice that an output overwrites data that it still has to read, and
 * computes wrong numbers.
 */
function refuseAliases(
  session: string,
  fed: ReadonlyMap<number, string>,
  into: Readonly<Record<string, number>>,
): void {
  const written = new Map<number, string>();
  for (const [output, id] of Object.entries(into)) {
    const input = fed.get(id);
    if (input !== undefined) {
      throw new Error(`session ${session}: output ${output} would overwrite the tensor that is fed as ${input}`);
    }
    const other = written.get(id);
    if (other !== undefined) throw new Error(`session ${session}: outputs ${other} and ${output} go into one tensor`);
    written.set(id, output);
  }
}

function refuseUneven(name: string, tensor: TensorData): void {
  if (tensor.data.length !== elementCount(tensor.dims)) {
    throw new Error(`${name}: ${describeShape(tensor)} does not hold ${tensor.data.length} numbers`);
  }
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
