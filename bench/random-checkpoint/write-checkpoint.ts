import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layOutSafetensors } from '../../src/checkpoint/formats/safetensors/layout.ts';
import { writeAtomically, writeFully } from '../../src/files/atomic-file.ts';
import { readDecoder } from '../../src/model/families/index.ts';
import {
  dictionary,
  integer,
  namespace,
  none,
  pickle,
  storage,
  tensor,
  text,
  truth,
} from '../../test/torch-archive.ts';
import type { Config } from './architectures.ts';
import { BYTES, randomWeights, type StoredAs } from './random-weights.ts';
import { type StreamedEntry, writeZip } from './torch-archive-stream.ts';

export interface RandomCheckpoint {
  readonly config: Config;
  readonly dtype: StoredAs;
  /** Determines every number. */
  readonly seed: number;
}

/** The tensors of a checkpoint with their bytes, in the order of its model. */
function tensorsOf({ config, dtype, seed }: RandomCheckpoint) {
  return readDecoder(config, 'random checkpoint').tensors.map((spec, index) => ({
    ...spec,
    dtype,
    length: BYTES[dtype] * spec.shape.reduce((product, size) => product * size, 1),
    pieces: () => randomWeights(spec, { dtype, seed, index }),
  }));
}

/**
 * Writes `config.json` and `model.safetensors` in Hugging Face's layout. Holds a few megabytes at a
 * time.
 */
export async function writeFolder(folder: string, checkpoint: RandomCheckpoint): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(checkpoint.config, null, 2)}\n`);
  const { header, placed, totalBytes } = layOutSafetensors(tensorsOf(checkpoint), { alignment: 8 });
  await writeAtomically(join(folder, 'model.safetensors'), totalBytes, async handle => {
    await writeFully(handle, header, 0);
    for (const { tensor, offset } of placed) {
      let at = offset;
      for (const piece of tensor.pieces()) {
        await writeFully(handle, piece, at);
        at += piece.length;
      }
    }
  });
}

const STORAGES: Readonly<Record<StoredAs, string>> = {
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
};

/**
 * Writes `model.pt` and `dict.txt` as fairseq publishes its dense models: a torch.save file with
 * the settings under `args` and the weights under `model`. Holds a few megabytes at a time.
 *
 * @param checkpoint.config of the family `xglm`, which is the same architecture
 * @param options.settings whether the file contains the settings of the model
 */
export async function writeFairseq(
  folder: string,
  checkpoint: RandomCheckpoint,
  { settings = true }: { readonly settings?: boolean } = {},
): Promise<void> {
  const { config, dtype } = checkpoint;
  if (config.model_type !== 'xglm') throw new Error(`fairseq has no models of family ${config.model_type}`);
  const tensors = tensorsOf({ ...checkpoint, config: { ...config, model_type: 'fairseq_gpt' } });
  const size = (key: string) => integer(config[key] as number);
  const args = namespace({
    arch: text('transformer_lm_gpt'),
    decoder_layers: size('num_layers'),
    decoder_embed_dim: size('d_model'),
    decoder_ffn_embed_dim: size('ffn_dim'),
    decoder_attention_heads: size('attention_heads'),
    decoder_normalize_before: truth(true),
    activation_fn: text('gelu'),
    share_decoder_input_output_embed: truth(true),
    max_target_positions: size('max_position_embeddings'),
  });
  const state = tensors.map(({ name, shape, length }, i) => {
    return [name, tensor(storage(String(i), STORAGES[dtype], length / BYTES[dtype]), shape)] as const;
  });
  const saved = pickle(dictionary({ args: settings ? args : none, model: dictionary(Object.fromEntries(state)) }));
  const small = (name: string, bytes: Uint8Array): StreamedEntry => ({
    name,
    length: bytes.length,
    pieces: () => [bytes],
  });
  await mkdir(folder, { recursive: true });
  await writeZip(join(folder, 'model.pt'), [
    small('model/data.pkl', saved),
    small('model/byteorder', Buffer.from('little')),
    ...tensors.map(({ length, pieces }, i) => ({ name: `model/data/${i}`, length, pieces })),
    small('model/version', Buffer.from('3\n')),
  ]);
  await copyFile(new URL('../../test/golden/fairseq/dict.txt', import.meta.url), join(folder, 'dict.txt'));
}
