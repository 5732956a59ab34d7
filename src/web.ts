/**
 * The library in a browser: everything but what reads files, starts processes or runs experiments on
 * disk. Needs the package `onnxruntime-web`.
 *
 *     import { fetchKept, loadModel, openGguf, openRuntime } from 'dualform/web';
 *
 *     const opened = await openGguf('model.gguf', await fetchKept('model.gguf'));
 *     const model = await loadModel(opened, await openRuntime());
 */
import type { CheckpointInMemory } from './checkpoint/web/open-bytes.ts';
import { sha256 } from './checkpoint/web/sha256.ts';
import { UserError } from './error.ts';
import { type LoadedModel, loadModel as loadCheckpoint } from './model/loaded-model.ts';
import { prefixGraph } from './model/prefix.ts';
import { observationGraph } from './observe/observe.ts';
import { traceGraph } from './observe/trace.ts';
import type { WorkerLike } from './runtime/web/connect-worker.ts';
import { openRuntimeIn, type WebRuntime, type WorkerOptions } from './runtime/web/open-runtime.ts';
import { gradientGraph } from './setting/finetune-step.ts';
import type { Encoder } from './tokenizer/definition.ts';

export type { Checkpoint } from './checkpoint/checkpoint.ts';
export { type FetchOptions, fetchBytes } from './checkpoint/web/fetch-bytes.ts';
export { fetchKept, isKept, type KeepOptions, type KeptFile } from './checkpoint/web/fetch-kept.ts';
export { type CheckpointInMemory, openGguf, openSafetensors, type WeightBytes } from './checkpoint/web/open-bytes.ts';
export { openAddress, type RangeAddress, type SourceBytes } from './checkpoint/web/page-source.ts';
export { UserError } from './error.ts';
export * as graph from './graph/index.ts';
export * as metric from './metric/index.ts';
export type { LoadedModel } from './model/loaded-model.ts';
export { computePrefix, emptyPrefix, type Prefix, releasePrefix } from './model/prefix.ts';
export * as observe from './observe/index.ts';
export { type Crash, CrashError, NonFiniteError } from './runtime/errors.ts';
export type { Handle, Session, TensorData } from './runtime/runtime.ts';
export { releaseAfter, releaseOnFailure } from './runtime/scope.ts';
export type { WebDevice } from './runtime/web/open-executor.ts';
export type { WebRuntime } from './runtime/web/open-runtime.ts';
export * as setting from './setting/index.ts';
export * as statistics from './statistics/index.ts';
export * as theory from './theory/index.ts';
export type { Encoder } from './tokenizer/definition.ts';

export interface WebRuntimeOptions extends Omit<WorkerOptions, 'createWorker'> {
  /** Starts the worker; needed where the bundler does not know `new Worker(new URL(...))`. */
  readonly createWorker?: (() => WorkerLike) | undefined;
}

/**
 * Starts a worker with onnxruntime. The caller closes it.
 *
 * @throws UserError when onnxruntime does not start, or several threads are requested in a page that
 * may not have them; the reason of `signal` when it is aborted
 */
export function openRuntime(options: WebRuntimeOptions = {}): Promise<WebRuntime> {
  const { Worker } = globalThis as unknown as {
    readonly Worker: new (url: URL, options: { readonly type: 'module' }) => WorkerLike;
  };
  const createWorker = () => new Worker(new URL('./web-worker.js', import.meta.url), { type: 'module' });
  return openRuntimeIn({ ...options, createWorker: options.createWorker ?? createWorker });
}

const graphs = { prefix: prefixGraph, observation: observationGraph, trace: traceGraph, gradient: gradientGraph };

/** A graph of a model: of `computePrefix`, `observe.observe`, `observe.trace` or `setting.finetune`. */
export type GraphName = keyof typeof graphs;

/**
 * Sends the weights to the worker and loads the model. All of `observe` and `setting` works on it.
 *
 * @param options.graphs graphs that will run: on `wasm` they become one session at the first run,
 * which otherwise is opened again for each further graph
 * @throws UserError when the family is not supported, or a tensor is missing or damaged
 */
export async function loadModel(
  opened: CheckpointInMemory,
  runtime: WebRuntime,
  options: { readonly graphs?: readonly GraphName[] } = {},
): Promise<LoadedModel> {
  for (const [name, source] of opened.sources) await runtime.addSource({ name, ...source });
  return loadCheckpoint(opened.checkpoint, runtime, { graphs: (options.graphs ?? []).map(name => graphs[name]) });
}

/**
 * The tokenizer inside a GGUF file, or of the bytes of a `tokenizer.json`. It has the ids of the Rust
 * library, or refuses.
 *
 * @throws UserError naming what is damaged or cannot be encoded exactly
 */
export async function openTokenizer(source: CheckpointInMemory | Uint8Array): Promise<Encoder> {
  // A page that has token ids needs none of this.
  const { defineWebTokenizer } = await import('./tokenizer/javascript/web-tokenizer.ts');
  return source instanceof Uint8Array
    ? defineWebTokenizer('tokenizer.json', source, sha256)
    : defineWebTokenizer(source.checkpoint.name, await (source.metadata ?? noVocabulary(source))(), sha256);
}

function noVocabulary({ checkpoint }: CheckpointInMemory): never {
  throw new UserError(`${checkpoint.name}: only GGUF files hold a vocabulary; give the bytes of a tokenizer.json`);
}
