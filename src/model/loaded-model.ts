import path from 'node:path';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { ExternalData } from '../graph/onnx/encode.ts';
import { encodeOnnx } from '../graph/onnx/encode.ts';
import type { Handle, Runtime, Session } from '../runtime/runtime.ts';
import type { Decoder } from './decoder.ts';
import { patchedGraph, solveGraph, streamGraph } from './feed-forward-graphs.ts';
import {
  firstGradientGraph,
  firstLayersGraph,
  gradientGraph,
  type Outputs,
  observationGraph,
  prefixGraph,
  traceGraph,
} from './graphs.ts';
import { headGraph } from './head-graph.ts';
import { openDecoder } from './open-decoder.ts';
import { updateGraph } from './update-graph.ts';

/** The key and value projections of all layers, by checkpoint name, beside the sessions. */
export type Projections = Readonly<Record<string, Handle>>;

export type GraphName =
  | 'prefix'
  | 'observation'
  | 'first layers'
  | 'first gradient'
  | 'trace'
  | 'gradient'
  | 'update'
  | 'heads'
  | 'streams'
  | 'solve'
  | 'patched';

/** A decoder whose weights are at hand: sessions are opened when they are first asked for. */
export interface LoadedModel {
  readonly checkpoint: Checkpoint;
  readonly decoder: Decoder;
  readonly runtime: Runtime;
  readonly pretrained: Projections;
  readonly session: (graph: GraphName) => Promise<Session>;
  /** Closes the session of a graph that is not needed for now. */
  readonly closeSession: (graph: GraphName) => Promise<void>;
}

const graphs: Readonly<Record<GraphName, (decoder: Decoder) => Outputs>> = {
  prefix: prefixGraph,
  observation: observationGraph,
  'first layers': firstLayersGraph,
  'first gradient': firstGradientGraph,
  trace: traceGraph,
  gradient: gradientGraph,
  update: updateGraph,
  heads: headGraph,
  streams: streamGraph,
  solve: solveGraph,
  patched: patchedGraph,
};

/**
 * Puts a model beside the runtime: checks every tensor of the checkpoint against the decoder, loads the key and value projections as
 * float32. All other weights are mapped from their files when a session opens, half precision too.
 *
 * @param options.layers loads the projections of so many first layers, for graphs that read no others; all unless given
 * @throws UserError as `openDecoder`
 */
export async function loadModel(
  checkpoint: Checkpoint,
  runtime: Runtime,
  { layers }: { readonly layers?: number } = {},
): Promise<LoadedModel> {
  const decoder = await openDecoder(checkpoint);
  const changing = decoder.projections.slice(0, layers).flat();
  const projections = changing.map(({ name }) => checkpoint.tensors.get(name)!);
  const handles = await runtime.load(projections);
  const pretrained = Object.fromEntries(handles.map(handle => [handle.name, handle]));

  // Weights may lie in several folders (a cache links to its blobs), so that locations are told from the root.
  const { root } = path.parse(projections[0]!.file);
  const locate = (name: string): ExternalData => {
    const { file, offset, length, dtype } = checkpoint.tensors.get(name)!;
    return { location: path.relative(root, file), offset, length, dtype };
  };
  const sessions = new Map<GraphName, Promise<Session>>();
  const open = (graph: GraphName) =>
    runtime.openSession({
      name: graph,
      model: encodeOnnx({ name: graph, outputs: graphs[graph](decoder), locate }),
      weightsRoot: root,
    });
  return {
    checkpoint,
    decoder,
    runtime,
    pretrained,
    session: graph => {
      const opened = sessions.get(graph) ?? open(graph);
      sessions.set(graph, opened);
      return opened;
    },
    closeSession: async graph => {
      const opened = sessions.get(graph);
      sessions.delete(graph);
      if (opened !== undefined) await runtime.closeSession(await opened);
    },
  };
}
