import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ARCHITECTURES, type Config } from '../bench/random-checkpoint/architectures.ts';
import { type RandomCheckpoint, writeFairseq, writeFolder } from '../bench/random-checkpoint/write-checkpoint.ts';
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { readTensor } from '../src/checkpoint/sources/read-tensor.ts';
import { elements } from '../src/model/decoder.ts';
import { readDecoder } from '../src/model/families/index.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { emptyPrefix } from '../src/model/prefix.ts';
import { trace } from '../src/observe/trace.ts';
import { scratchRuntime } from './scratch-runtime.ts';

/**
 * Parameters as their publishers count them, without buffers; of fairseq's model, which was
 * published as a file alone, by hand.
 */
const PUBLISHED: Readonly<Partial<Record<keyof typeof ARCHITECTURES, number>>> = {
  'fairseq-dense-1.3B': 24 * (12 * 2048 ** 2 + 13 * 2048) + (50_264 + 2) * 2048,
  gpt2: 124_439_808,
  'gpt2-medium': 354_823_168,
  'gpt2-large': 774_030_080,
  'gpt2-xl': 1_557_611_200,
  'opt-125m': 125_239_296,
  'opt-350m': 331_196_416,
  'opt-1.3b': 1_315_758_080,
  'opt-6.7b': 6_658_473_984,
  'gpt-neo-125m': 125_198_592,
  'gpt-neo-1.3B': 1_315_575_808,
  'pythia-70m': 70_426_624,
  'pythia-410m': 405_334_016,
  'pythia-1b': 1_011_781_632,
  'pythia-6.9b': 6_857_302_016,
  'SmolLM2-135M': 134_515_008,
  'SmolLM2-360M': 361_821_120,
  'SmolLM2-1.7B': 1_711_376_384,
  'Llama-2-7b': 6_738_415_616,
  'Llama-3.1-8B': 8_030_261_248,
  'Llama-3.2-1B': 1_235_814_400,
  'Mistral-7B-v0.1': 7_241_732_096,
  'Qwen2.5-0.5B': 494_032_768,
  'Qwen2.5-1.5B': 1_543_714_304,
  'Qwen2.5-7B': 7_615_616_512,
};

describe('the table of published sizes', () => {
  test.each(Object.entries(ARCHITECTURES))('%s is a supported model', (name, config) => {
    const decoder = readDecoder(config, name);
    const published = PUBLISHED[name as keyof typeof ARCHITECTURES];
    if (published !== undefined) expect(elements(decoder.tensors)).toBe(published);
  });
});

const scratch = scratchRuntime();

const tiny: Config = {
  ...ARCHITECTURES['fairseq-dense-1.3B'],
  ...{ vocab_size: 50, d_model: 16, ffn_dim: 62, num_layers: 2, attention_heads: 4 },
};

let made = 0;
async function logitsOf(write: typeof writeFolder, checkpoint: RandomCheckpoint, heads?: number) {
  const place = join(scratch.folder, `model-${made++}`);
  await write(place, checkpoint);
  const model = await loadModel(await openCheckpoint(place, { heads }), scratch.runtime);
  const at = { prefix: emptyPrefix(model.decoder), projections: model.pretrained };
  const [logits] = await trace(model, at, [2, 5, 9, 49], name => name === 'logits');
  return logits!.data;
}

test('one seed gives the same model in every format and stored type', async () => {
  const expected = await logitsOf(writeFolder, { config: tiny, dtype: 'F32', seed: 1 });
  expect(expected.some(x => Math.abs(x) > 0.01)).toBe(true);
  const without: typeof writeFolder = (place, checkpoint) => writeFairseq(place, checkpoint, { settings: false });
  for (const dtype of ['F32', 'F16', 'BF16'] as const) {
    const checkpoint = { config: tiny, dtype, seed: 1 };
    expect(await logitsOf(writeFolder, checkpoint), `safetensors ${dtype}`).toEqual(expected);
    expect(await logitsOf(writeFairseq, checkpoint), `fairseq ${dtype}`).toEqual(expected);
    expect(await logitsOf(without, checkpoint, 4), `fairseq without settings ${dtype}`).toEqual(expected);
  }
  expect(await logitsOf(writeFolder, { config: tiny, dtype: 'F32', seed: 2 })).not.toEqual(expected);
});

test('weights have the documented deviation, scales are 1', async () => {
  const place = join(scratch.folder, 'spread');
  await writeFolder(place, { config: { ...tiny, vocab_size: 5000 }, dtype: 'BF16', seed: 3 });
  const { tensors } = await openCheckpoint(place);
  const values = await readTensor(tensors.get('model.embed_tokens.weight')!);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  expect(Math.abs(mean)).toBeLessThan(0.0005);
  expect(deviation).toBeCloseTo(256 / 4096 / Math.sqrt(12), 3);
  const scale = await readTensor(tensors.get('model.layer_norm.weight')!);
  expect([...scale]).toEqual(Array(16).fill(1));
});
