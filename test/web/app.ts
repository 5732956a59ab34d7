/** @file A page that does with a model what pages do. */
import {
  computePrefix,
  emptyPrefix,
  fetchBytes,
  fetchKept,
  loadModel,
  observe,
  openAddress,
  openGguf,
  openRuntime,
  openSafetensors,
  openTokenizer,
  releasePrefix,
  setting,
} from '../../src/web.ts';

export interface Files {
  /** Addresses. */
  readonly config?: string;
  readonly weights: string;
  readonly from: 'memory' | 'kept copy' | 'ranges';
  readonly device?: 'wasm' | 'webgpu';
}

/** What the page computes, and the test on the CPU. */
export interface Asked {
  readonly before: readonly number[];
  readonly tokens: readonly number[];
  readonly labels: readonly number[];
  readonly sequence: readonly number[];
  readonly learningRate: number;
}

export interface Computed {
  readonly digest: string;
  readonly logProbabilities: readonly number[];
  readonly losses: readonly number[];
  readonly trace: readonly { readonly name: string; readonly data: readonly number[] }[];
}

export async function compute(
  files: Files,
  { before, tokens, labels, sequence, learningRate }: Asked,
): Promise<Computed> {
  const { config, weights, from, device } = files;
  const runtime = await openRuntime({ device, threads: 2, wasmPaths: '/ort/' });
  const bytes =
    from === 'memory'
      ? await fetchBytes(weights)
      : from === 'kept copy'
        ? await fetchKept(weights)
        : { bytes: await openAddress(weights), sha256: (await fetchKept(weights)).sha256 };
  const opened =
    config === undefined
      ? await openGguf('model.gguf', bytes)
      : await openSafetensors('model', {
          config: (await (await fetch(config)).json()) as Record<string, unknown>,
          files: { 'model.safetensors': bytes },
        });
  const model = await loadModel(opened, runtime, { graphs: ['prefix', 'observation', 'gradient'] });
  const prefix = await computePrefix(model, before, model.pretrained);
  const at = { prefix, projections: model.pretrained };
  const query = { tokens, tap: tokens.length - 1, reads: [tokens.length - 1] };
  const { queries } = await observe.observe(model, at, [query], { labels, doing: 'a query' });
  const { losses, projections } = await setting.finetune(model, [sequence], { learningRate });
  const tensors = await observe.trace(model, { prefix: emptyPrefix(model.decoder), projections }, tokens);
  await releasePrefix(model, prefix);
  await setting.releaseProjections(model, projections);
  await runtime.close();
  return {
    digest: opened.checkpoint.digest,
    logProbabilities: [...queries[0]!.logProbabilities[0]!],
    losses: [...losses],
    trace: tensors.map(({ name, data }) => ({ name, data: [...data] })),
  };
}

/** Token ids of texts by the `tokenizer.json` at an address. */
export async function encode(tokenizer: string, texts: readonly string[]): Promise<readonly (readonly number[])[]> {
  return (await openTokenizer(await fetchBytes(tokenizer))).encodeAll(texts);
}

export interface Kept {
  readonly kept: string;
  readonly sha256: string;
  readonly size: number;
  /** Bytes that arrived from the server. */
  readonly done: number;
  readonly warnings: readonly string[];
}

/** Fetches a file that the browser keeps. @param refuses what the browser refuses */
export async function keep(
  address: string,
  { sha256 }: { readonly sha256?: string } = {},
  refuses?: 'full' | 'cache' | 'none',
): Promise<Kept> {
  const restore = refuses && refuse(refuses);
  const warnings: string[] = [];
  let done = 0;
  try {
    const file = await fetchKept(address, {
      sha256,
      onProgress: bytes => {
        done = bytes;
      },
      onWarning: message => warnings.push(message),
    });
    return { kept: file.kept, sha256: file.sha256, size: file.bytes.size, done, warnings };
  } finally {
    restore?.();
  }
}

/** Stands for a browser without space, without the private file system, or without any. */
function refuse(refuses: 'full' | 'cache' | 'none'): () => void {
  const scope = globalThis as unknown as {
    readonly navigator: { readonly storage: { getDirectory: unknown } };
    caches: unknown;
    readonly FileSystemWritableFileStream: { readonly prototype: { write: unknown } };
    readonly DOMException: new (message: string, name: string) => Error;
  };
  const { storage } = scope.navigator;
  const { caches } = scope;
  const stream = scope.FileSystemWritableFileStream.prototype;
  const { write } = stream;
  const refused = (name: string) => async () => {
    throw new scope.DOMException('refused', name);
  };
  if (refuses === 'full') stream.write = refused('QuotaExceededError');
  else Object.assign(storage, { getDirectory: refused('SecurityError') });
  if (refuses === 'none') Object.defineProperty(scope, 'caches', { value: undefined, configurable: true });
  return () => {
    stream.write = write;
    Reflect.deleteProperty(storage, 'getDirectory');
    Object.defineProperty(scope, 'caches', { value: caches, configurable: true });
  };
}
