/** @file Checkpoints of bytes as a page has them. */
import { UserError } from '../../error.ts';
import type { ByteSource, WithSource } from '../byte-source.ts';
import type { Checkpoint, TensorLocation } from '../checkpoint.ts';
import type { GgufValue } from '../formats/gguf/parse-gguf.ts';
import { layOutGguf, unpackedSource } from '../formats/gguf/unpacked.ts';
import { readHeader, type SafetensorsEntry, splitByUse } from '../formats/safetensors/header.ts';
import type { OpenProgress } from '../open-options.ts';
import { pageSource, type SourceBytes } from './page-source.ts';
import { sha256 } from './sha256.ts';

/** What holds weights: bytes, with their SHA-256 (hex) where it is known. */
export type WeightBytes = SourceBytes | { readonly bytes: SourceBytes; readonly sha256: string };

/** A checkpoint and the bytes that hold its weights. */
export interface CheckpointInMemory {
  readonly checkpoint: Checkpoint;
  /**
   * By the names that the locations of its tensors have. Packed weights are read as float32: their
   * locations are those in a file of float32.
   */
  readonly sources: ReadonlyMap<string, { readonly bytes: SourceBytes; readonly packed: boolean }>;
  /** Reads the settings of a GGUF file, its vocabulary among them. */
  readonly metadata?: () => Promise<ReadonlyMap<string, GgufValue>>;
}

/**
 * Opens the bytes of a GGUF file. Its weights are unpacked to float32 one at a time, when a session
 * reads them.
 *
 * @throws UserError when the file is damaged or not supported, or behind an address and of unknown digest
 */
export async function openGguf(
  name: string,
  file: WeightBytes,
  onProgress?: (progress: OpenProgress) => void,
): Promise<CheckpointInMemory> {
  const { bytes } = known(file);
  const packed = pageSource(name, bytes);
  const layout = await layOutGguf(name, packed, { vocabulary: false });
  const tensors = layout.weights.map(({ plan, offset, length }): [string, TensorLocation] => {
    const { name: tensor, shape } = plan;
    return [tensor, { name: tensor, dtype: 'F32', shape, file: name, offset, length }];
  });
  const checkpoint = {
    name,
    source: name,
    digest: await digestOf(name, file, onProgress),
    config: layout.config,
    tensors: new Map(tensors),
    otherTensors: new Map(),
    tokenizer: undefined,
    withSource: withSources(new Map([[name, unpackedSource(layout, packed)]])),
  };
  // It takes longer to read than all else here, and only tokenizers need it.
  const metadata = async () => (await layOutGguf(name, packed, { vocabulary: true })).gguf.metadata;
  return { checkpoint, sources: new Map([[name, { bytes, packed: true }]]), metadata };
}

/**
 * Opens the bytes of safetensors files.
 *
 * @param model.config what `config.json` holds
 * @param model.files bytes by name
 * @throws UserError when a file is damaged, or behind an address and of unknown digest
 */
export async function openSafetensors(
  name: string,
  model: { readonly config: Checkpoint['config']; readonly files: Readonly<Record<string, WeightBytes>> },
): Promise<CheckpointInMemory> {
  const files = Object.entries(model.files);
  const opened = new Map(files.map(([file, content]) => [file, pageSource(file, known(content).bytes)]));
  const entries: SafetensorsEntry[] = [];
  for (const [file, source] of opened) {
    const { tensors } = await readHeader(source, file, what => {
      throw new UserError(`${file}: not a valid safetensors file: ${what}`);
    });
    entries.push(...tensors.values());
  }
  const { weights, others } = splitByUse(entries);
  const digests: string[] = [];
  for (const [file, content] of files) digests.push(await digestOf(file, content));
  const digest = digests.length === 1 ? digests[0]! : await sha256(new TextEncoder().encode(digests.join('\n')));
  const checkpoint = {
    name,
    source: name,
    digest,
    config: model.config,
    tensors: weights,
    otherTensors: others,
    tokenizer: undefined,
    withSource: withSources(opened),
  };
  const sources = files.map(([file, content]) => [file, { bytes: known(content).bytes, packed: false }] as const);
  return { checkpoint, sources: new Map(sources) };
}

function known(file: WeightBytes): { readonly bytes: SourceBytes; readonly sha256?: string } {
  return 'bytes' in file && !(file instanceof Blob) ? file : { bytes: file };
}

async function digestOf(
  name: string,
  file: WeightBytes,
  onProgress?: (progress: OpenProgress) => void,
): Promise<string> {
  const { bytes, sha256: told } = known(file);
  if (told !== undefined) return told;
  if ('address' in bytes) {
    throw new UserError(`${name}: a file behind an address is not read whole; give its SHA-256: { bytes, sha256 }`);
  }
  const total = bytes instanceof Blob ? bytes.size : bytes.length;
  onProgress?.({ stage: 'checking the model file', done: 0, total });
  const digest = await sha256(bytes);
  onProgress?.({ stage: 'checking the model file', done: total, total });
  return digest;
}

function withSources(sources: ReadonlyMap<string, ByteSource>): WithSource {
  return (name, use) => {
    const source = sources.get(name);
    if (source === undefined) throw new UserError(`${name}: there is no source of this name`);
    return use(source);
  };
}
