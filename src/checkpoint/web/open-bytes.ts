/** @file Checkpoints of bytes in memory, as a page has them. */
import { UserError } from '../../error.ts';
import { memorySource, type WithSource } from '../byte-source.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { ggufModel } from '../formats/gguf/model.ts';
import { type GgufValue, parseGguf } from '../formats/gguf/parse-gguf.ts';
import { ggufReaders } from '../formats/gguf/readers.ts';
import { weightPieces } from '../formats/gguf/weights.ts';
import { readHeader, type SafetensorsEntry, splitByUse } from '../formats/safetensors/header.ts';
import { layOutSafetensors } from '../formats/safetensors/layout.ts';
import type { OpenProgress } from '../open-options.ts';

/** A checkpoint and the bytes that hold its weights. */
export interface CheckpointInMemory {
  readonly checkpoint: Checkpoint;
  /** By the names that the locations of its tensors have. */
  readonly sources: ReadonlyMap<string, Uint8Array>;
  /** The settings of a GGUF file, its vocabulary among them. */
  readonly metadata?: ReadonlyMap<string, GgufValue>;
}

// One cache line, and enough for every vector instruction.
const ALIGNMENT = 64;

/**
 * Opens the bytes of a GGUF file and unpacks its weights to float32.
 *
 * @throws UserError when the file is damaged or not supported
 */
export async function openGguf(
  name: string,
  bytes: Uint8Array,
  onProgress?: (progress: OpenProgress) => void,
): Promise<CheckpointInMemory> {
  const fail = (what: string): never => {
    throw new UserError(`${name}: not a usable GGUF file: ${what}`);
  };
  const gguf = parseGguf(bytes, { file: name, size: bytes.length, vocabulary: true, fail });
  if ('needs' in gguf) return fail('it ends inside its header');
  const readers = ggufReaders(withSources(new Map([[name, bytes]])));
  const { config, weights } = await ggufModel(gguf, readers);
  const outlines = weights.map(plan => ({
    plan,
    name: plan.name,
    dtype: 'F32',
    shape: plan.shape,
    length: 4 * plan.shape.reduce((product, size) => product * size, 1),
  }));
  const { header, placed, totalBytes } = layOutSafetensors(outlines, { alignment: ALIGNMENT });
  const unpacked = sharedBytes(totalBytes);
  unpacked.set(header);
  for (const { tensor, offset } of placed) {
    let at = offset;
    for await (const piece of weightPieces(tensor.plan, readers)) {
      unpacked.set(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength), at);
      at += piece.byteLength;
    }
    onProgress?.({ stage: 'unpacking weights', done: at, total: totalBytes });
  }
  const sources = new Map([[name, unpacked]]);
  const checkpoint = await checkpointOf(name, { config, digest: await sha256(bytes), sources });
  return { checkpoint, sources, metadata: gguf.metadata };
}

/**
 * Opens the bytes of safetensors files.
 *
 * @param model.config what `config.json` holds
 * @param model.files bytes by name
 * @throws UserError when a file is damaged
 */
export async function openSafetensors(
  name: string,
  model: { readonly config: Checkpoint['config']; readonly files: Readonly<Record<string, Uint8Array>> },
): Promise<CheckpointInMemory> {
  const sources = new Map(Object.entries(model.files));
  const digests: string[] = [];
  for (const bytes of sources.values()) digests.push(await sha256(bytes));
  const digest = digests.length === 1 ? digests[0]! : await sha256(new TextEncoder().encode(digests.join('\n')));
  return { checkpoint: await checkpointOf(name, { config: model.config, digest, sources }), sources };
}

async function checkpointOf(
  name: string,
  model: Pick<Checkpoint, 'config' | 'digest'> & Pick<CheckpointInMemory, 'sources'>,
): Promise<Checkpoint> {
  const { config, digest, sources } = model;
  const entries: SafetensorsEntry[] = [];
  for (const [file, bytes] of sources) {
    const { tensors } = await readHeader(memorySource(file, bytes), file, what => {
      throw new UserError(`${file}: not a valid safetensors file: ${what}`);
    });
    entries.push(...tensors.values());
  }
  const { weights, others } = splitByUse(entries);
  return {
    name,
    source: name,
    digest,
    config,
    tensors: weights,
    otherTensors: others,
    tokenizer: undefined,
    withSource: withSources(sources),
  };
}

function withSources(sources: ReadonlyMap<string, Uint8Array>): WithSource {
  return (name, use) => {
    const bytes = sources.get(name);
    if (bytes === undefined) throw new UserError(`${name}: there is no source of this name`);
    return use(memorySource(name, bytes));
  };
}

/** SHA-256 (hex), as the digests of files on disk. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Bytes that a worker reads without a copy, where the page may share memory. Texts in them cannot be decoded in place. */
function sharedBytes(length: number): Uint8Array {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  return new Uint8Array(crossOriginIsolated ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
}
