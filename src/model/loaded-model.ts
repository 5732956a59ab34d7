import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { ExternalData } from '../graph/onnx/encode.ts';
import { derivedInputs } from '../graph/tensor.ts';
import { encodeFor, feedsWeights, weightInputs } from '../runtime/encode-for.ts';
import type { Handle, Runtime, Session } from '../runtime/runtime.ts';
import type { Decoder } from './decoder.ts';
import type { Outputs } from './forward.ts';
import { inHalf, requireHalf } from './half-precision.ts';
import { openDecoder } from './open-decoder.ts';
import { precisionOf } from './precision.ts';

/** The key and value projections of all layers, by checkpoint name, kept with the sessions. */
export type Projections = Readonly<Record<string, Handle>>;

/** A graph that reads something of a model. It is in the file that runs it. */
export interface ModelGraph {
  /** Names the session in messages. */
  readonly name: string;
  readonly outputs: (decoder: Decoder) => Outputs;
}

/** A decoder with its weights. */
export interface LoadedModel {
  readonly checkpoint: Checkpoint;
  readonly decoder: Decoder;
  readonly runtime: Runtime;
  readonly pretrained: Projections;
  /** The session of a graph; opened by the first call. */
  readonly session: (graph: ModelGraph) => Promise<Session>;
  /** Closes the session of a graph; the next call of `session` opens it again. */
  readonly closeSession: (graph: ModelGraph) => Promise<void>;
}

/**
 * Checks every tensor of the checkpoint against the decoder and loads the key and value projections
 * as float32. All other weights, half precision too, are mapped from their files when a session
 * opens; on WebGPU each is loaded as float32 by the first session that reads it, and all share it.
 *
 * @param options.layers how many of the first layers to load projections of; all unless given
 * @param options.graphs graphs to open, which are written while the projections are loaded
 * @throws UserError as `openDecoder`, and where the device does not compute in the precision of the
 * checkpoint
 */
export async function loadModel(
  checkpoint: Checkpoint,
  runtime: Runtime,
  { layers, graphs = [] }: { readonly layers?: number; readonly graphs?: readonly ModelGraph[] } = {},
): Promise<LoadedModel> {
  const decoder = await openDecoder(checkpoint);
  const projections = decoder.projections.slice(0, layers).flat();

  // Weights may lie in several folders (a cache links to its blobs), so locations are relative to
  // the root.
  const weightsRoot = rootOf(checkpoint.tensors.get(projections[0]!.name)!.file);
  const locate = (name: string): ExternalData => {
    const { file, offset, length, dtype } = checkpoint.tensors.get(name)!;
    return { location: file.slice(weightsRoot.length), offset, length, dtype };
  };
  // Those of sessions that read weights; where tensors are loaded, `load` names their source itself.
  const weightSources = feedsWeights(runtime.device)
    ? []
    : [...new Set(decoder.tensors.map(({ name }) => checkpoint.tensors.get(name)!.file))];
  const half = precisionOf(checkpoint) === 'float16';
  if (half) await requireHalf(runtime);
  const sessions = new Map<ModelGraph, Promise<Session>>();
  const shared = new Map<string, Promise<Handle>>();
  /** The weights of a graph as tensors that all sessions share; none where sessions map their own. */
  const sharedWeights = async (outputs: Outputs): Promise<Readonly<Record<string, Handle>>> => {
    if (!feedsWeights(runtime.device)) return {};
    const needed = [...weightInputs(outputs).values()];
    const missing = needed.filter(({ name }) => !shared.has(name));
    if (missing.length > 0) {
      const loading = runtime.load(
        missing.map(({ name, type }) => ({
          ...checkpoint.tensors.get(name)!,
          ...(type === 'float16' && { as: type }),
        })),
      );
      for (const [i, { name }] of missing.entries())
        shared.set(
          name,
          loading.then(handles => handles[i]!),
        );
    }
    return Object.fromEntries(
      await Promise.all(needed.map(async ({ name }) => [name, await shared.get(name)!] as const)),
    );
  };
  const open = async (graph: ModelGraph) => {
    const { name } = graph;
    const whole = graph.outputs(decoder);
    const outputs = half ? inHalf(whole) : whole;
    return runtime.openSession({
      name,
      model: encodeFor(runtime.device, { name, outputs, locate }),
      weights: await sharedWeights(outputs),
      derived: derivedInputs(Object.values(outputs)),
      weightsRoot,
      sources: weightInputs(outputs).size === 0 ? [] : weightSources,
    });
  };
  const session = (graph: ModelGraph) => {
    const opened = sessions.get(graph) ?? open(graph);
    sessions.set(graph, opened);
    return opened;
  };
  const [handles] = await Promise.all([
    runtime.load(projections.map(({ name }) => checkpoint.tensors.get(name)!)),
    ...graphs.map(session),
  ]);
  return {
    checkpoint,
    decoder,
    runtime,
    pretrained: Object.fromEntries(handles.map(handle => [handle.name, handle])),
    session,
    closeSession: async graph => {
      const opened = sessions.get(graph);
      sessions.delete(graph);
      if (opened !== undefined) await runtime.closeSession(await opened);
    },
  };
}

/**
 * The root of an absolute path: `/`, a drive or a share of Windows. Empty for the name of a source
 * in a browser.
 */
function rootOf(file: string): string {
  return /^(?:[A-Za-z]:[\\/]|\\\\[^\\]+\\[^\\]+\\|\/)/.exec(file)?.[0] ?? '';
}
