import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UserError } from '../error.ts';
import { type Checkpoint, requireTensor } from './checkpoint.ts';
import type { Gguf } from './formats/gguf/parse-gguf.ts';
import { EMBEDDED_MODELS, locateEmbedded } from './models.ts';
import { openCheckpoint } from './open.ts';
import type { OpenProgress } from './open-options.ts';
import { openGguf } from './sources/open-gguf.ts';
import { readGguf } from './sources/read-gguf.ts';
import { readSafetensors } from './sources/read-safetensors.ts';
import { readTensor } from './sources/read-tensor.ts';
import { writeSafetensors } from './sources/write-safetensors.ts';

const golden = (name: string) => fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url));

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-open-')));
  vi.stubEnv('DUALFORM_CACHE', join(folder, 'cache'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('a folder as Hugging Face writes it', () => {
  test.each(['llama', 'llama3-rope'])('%s', async name => {
    const checkpoint = await openCheckpoint(golden(name));
    expect(checkpoint).toMatchObject({ name, source: golden(name), tokenizer: undefined });
    expect(checkpoint.config.model_type).toBe('llama');
    expect(checkpoint.digest).toMatch(/^[0-9a-f]{64}$/);
    const embedding = requireTensor(checkpoint, 'model.embed_tokens.weight');
    expect(embedding).toMatchObject({ dtype: 'F32', shape: [257, 32], length: 257 * 32 * 4 });
    expect(checkpoint.tensors.has('lm_head.weight')).toBe(name === 'llama3-rope');
    const all = await readSafetensors(join(golden(name), 'model.safetensors'));
    expect(await readTensor(embedding)).toEqual(all.get('model.embed_tokens.weight')!.data);
  });

  test('in shards, behind symbolic links, has another digest but the same tensors', async () => {
    const blobs = join(folder, 'blobs');
    const snapshot = join(folder, 'snapshot');
    mkdirSync(blobs);
    mkdirSync(snapshot);
    const whole = await readSafetensors(join(golden('llama'), 'model.safetensors'));
    const map: Record<string, string> = {};
    const parts: [string, string[]][] = [
      ['model-00001-of-00002.safetensors', [...whole.keys()].slice(0, 5)],
      ['model-00002-of-00002.safetensors', [...whole.keys()].slice(5)],
    ];
    for (const [shard, names] of parts) {
      await writeSafetensors(
        join(blobs, shard),
        names.map(name => ({ name, ...whole.get(name)! })),
      );
      symlinkSync(join('..', 'blobs', shard), join(snapshot, shard));
      for (const name of names) map[name] = shard;
    }
    writeFileSync(join(snapshot, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    copyFileSync(join(golden('llama'), 'config.json'), join(snapshot, 'config.json'));
    writeFileSync(join(snapshot, 'tokenizer.json'), '{}');
    const checkpoint = await openCheckpoint(snapshot);
    expect([...checkpoint.tensors.keys()].sort()).toEqual([...whole.keys()].sort());
    expect(requireTensor(checkpoint, 'model.norm.weight').file.startsWith(blobs)).toBe(true);
    expect(await readTensor(requireTensor(checkpoint, 'model.norm.weight'))).toEqual(
      whole.get('model.norm.weight')!.data,
    );
    expect(checkpoint.tokenizer).toEqual({ kind: 'tokenizer.json', file: join(snapshot, 'tokenizer.json') });
    expect(checkpoint.digest).not.toBe((await openCheckpoint(golden('llama'))).digest);
  });

  test('takes the tokenizer that it can read best', async () => {
    const place = join(folder, 'tokenizers');
    mkdirSync(place);
    for (const name of ['config.json', 'model.safetensors'])
      copyFileSync(join(golden('llama'), name), join(place, name));
    for (const [added, kind] of [
      ['tokenizer.model', 'sentencepiece'],
      ['vocab.json', 'sentencepiece'],
      ['merges.txt', 'gpt2'],
      ['tokenizer.json', 'tokenizer.json'],
    ] as const) {
      writeFileSync(join(place, added), '');
      expect((await openCheckpoint(place)).tokenizer?.kind).toBe(kind);
    }
  });

  /** A folder with these tensors, each of one number, in each of these files. */
  const withWeights = async (name: string, files: Readonly<Record<string, number>>, config = '{}') => {
    const place = join(folder, name);
    mkdirSync(place);
    writeFileSync(join(place, 'config.json'), config);
    for (const [file, number] of Object.entries(files)) {
      await writeSafetensors(join(place, file), [{ name: 'a', shape: [1], data: Float32Array.of(number) }]);
    }
    return place;
  };

  test('takes model.safetensors before an index that is left over, as transformers does', async () => {
    const place = await withWeights('stale-index', { 'model.safetensors': 1, 'model-1.safetensors': 2 });
    writeFileSync(join(place, 'model.safetensors.index.json'), '{"weight_map":{"a":"model-1.safetensors"}}');
    expect(await readTensor((await openCheckpoint(place)).tensors.get('a')!)).toEqual(Float32Array.of(1));
  });

  test('reads numbers in its configuration that only Python writes', async () => {
    const config =
      '{"a": [Infinity, -Infinity], "b": "NaN \\" Infinity", "c": NaN, "d": {"__float__": "Infinity"}, "NaN": 1}';
    const place = await withWeights('python-numbers', { 'model.safetensors': 1 }, config);
    const inf = Number.POSITIVE_INFINITY;
    expect((await openCheckpoint(place)).config).toEqual({
      a: [inf, -inf],
      b: 'NaN " Infinity',
      c: Number.NaN,
      d: inf,
      NaN: 1,
    });
  });

  test('refuses an adapter, also next to a model', async () => {
    const beside = await withWeights('adapter-beside', { 'model.safetensors': 1, 'adapter_model.safetensors': 2 });
    await expect(openCheckpoint(beside)).rejects.toThrow(
      'adapter_model.safetensors: an adapter next to model.safetensors, which is not applied; merge it',
    );
    const only = await withWeights('adapter-only', { 'adapter_model.safetensors': 2 });
    rmSync(join(only, 'config.json'));
    writeFileSync(join(only, 'adapter_config.json'), '{}');
    await expect(openCheckpoint(only)).rejects.toThrow(
      'adapter_config.json: an adapter, not a whole model; merge it into its base model',
    );
  });

  test.each(['config.json', 'model.safetensors', 'pytorch_model.bin', 'x.gguf', 'model.pt'])(
    'says that %s is a Git LFS pointer',
    async name => {
      const place = await withWeights(`pointer-${name}`, {});
      const text = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n';
      writeFileSync(join(place, name), text);
      const file = join(place, name);
      await expect(openCheckpoint(/gguf|pt$/.test(name) ? file : place)).rejects.toThrow(
        `${file}: a Git LFS pointer, not the file that it points to; run: git lfs pull`,
      );
    },
  );

  test('with integers among its tensors says so only when they are requested', async () => {
    const place = join(folder, 'integers');
    mkdirSync(place);
    writeFileSync(join(place, 'config.json'), '{"model_type":"llama"}');
    await writeSafetensors(join(place, 'model.safetensors'), [
      { name: 'ids', shape: [1], data: BigInt64Array.of(1n) },
      { name: 'weight', shape: [1], data: Float32Array.of(1) },
    ]);
    const checkpoint = await openCheckpoint(place);
    expect(() => requireTensor(checkpoint, 'ids')).toThrow(
      `${place}: tensor ids is stored as I64; weights must be F32`,
    );
    expect(() => requireTensor(checkpoint, 'weigth')).toThrow(
      'there is no tensor weigth, which this model needs; the nearest name in it is weight',
    );
  });
});

describe('the embedded model', () => {
  const [model] = EMBEDDED_MODELS;
  let checkpoint: Checkpoint;
  let gguf: Gguf;
  const stages: OpenProgress[] = [];
  beforeAll(async () => {
    checkpoint = await openCheckpoint(model!.name, { onProgress: progress => stages.push(progress) });
    gguf = readGguf(locateEmbedded(model!).file);
  });

  /**
   * Row `row` of a Q4_1 tensor, from its raw bytes: blocks of [scale, minimum, 16 bytes], low
   * halves first.
   */
  async function rowOfQ4_1(name: string, row: number): Promise<number[]> {
    const tensor = gguf.tensors.get(name)!;
    expect(tensor.type).toBe('Q4_1');
    const blocks = tensor.shape[1]! / 32;
    const bytes = new DataView(await bytesAt(tensor.offset + row * blocks * 20, blocks * 20));
    return Array.from({ length: tensor.shape[1]! }, (_, i) => {
      const block = 20 * Math.floor(i / 32);
      const pair = bytes.getUint8(block + 4 + (i % 16));
      const q = i % 32 < 16 ? pair % 16 : Math.floor(pair / 16);
      return Math.fround(half(bytes, block) * q + half(bytes, block + 2));
    });
  }

  async function bytesAt(offset: number, length: number): Promise<ArrayBuffer> {
    const handle = await open(gguf.file);
    const bytes = new Uint8Array(length);
    await handle.read(bytes, 0, length, offset);
    await handle.close();
    return bytes.buffer;
  }

  function half(bytes: DataView, at: number): number {
    const bits = bytes.getUint16(at, true);
    const [exponent, fraction] = [(bits >> 10) % 32, (bits % 1024) / 1024];
    const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
    return bits >= 32768 ? -size : size;
  }

  async function row(name: string, at: number): Promise<number[]> {
    const location = requireTensor(checkpoint, name);
    const width = location.shape[1] ?? 1;
    return [...(await readTensor({ ...location, offset: location.offset + 4 * width * at, length: 4 * width }))];
  }

  test('has the configuration of SmolLM2', () => {
    expect(checkpoint.name).toBe('smollm2-135m-instruct');
    expect(checkpoint.tokenizer).toMatchObject({ kind: 'gguf' });
    expect(checkpoint.config).toMatchObject({
      model_type: 'llama',
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      head_dim: 64,
      rms_norm_eps: 1e-5,
      rope_theta: 100000,
      max_position_embeddings: 8192,
      vocab_size: 49152,
      tie_word_embeddings: true,
      bos_token_id: 1,
      eos_token_id: 2,
    });
  });

  test('has 272 tensors under the names and shapes of Hugging Face', () => {
    expect(checkpoint.tensors.size).toBe(272);
    const shapes: Record<string, readonly number[]> = {
      'input_layernorm.weight': [576],
      'self_attn.q_proj.weight': [576, 576],
      'self_attn.k_proj.weight': [192, 576],
      'self_attn.v_proj.weight': [192, 576],
      'self_attn.o_proj.weight': [576, 576],
      'post_attention_layernorm.weight': [576],
      'mlp.gate_proj.weight': [1536, 576],
      'mlp.up_proj.weight': [1536, 576],
      'mlp.down_proj.weight': [576, 1536],
    };
    for (let layer = 0; layer < 30; layer++) {
      for (const [name, shape] of Object.entries(shapes)) {
        const location = requireTensor(checkpoint, `model.layers.${layer}.${name}`);
        expect(location.shape).toEqual(shape);
        expect(location.offset % 64).toBe(0);
      }
    }
    expect(requireTensor(checkpoint, 'model.embed_tokens.weight').shape).toEqual([49152, 576]);
    expect(requireTensor(checkpoint, 'model.norm.weight').shape).toEqual([576]);
    const parameters = [...checkpoint.tensors.values()].reduce((sum, { length }) => sum + length / 4, 0);
    expect(parameters).toBe(model!.parameters);
  });

  test('has the values of its blocks', async () => {
    expect(await row('model.layers.3.mlp.up_proj.weight', 1535)).toEqual(await rowOfQ4_1('blk.3.ffn_up.weight', 1535));
    expect(await row('model.layers.29.self_attn.v_proj.weight', 100)).toEqual(
      await rowOfQ4_1('blk.29.attn_v.weight', 100),
    );
    const tensor = gguf.tensors.get('token_embd.weight')!;
    expect(tensor.type).toBe('Q8_0');
    const bytes = new DataView(await bytesAt(tensor.offset + 777 * 18 * 34, 18 * 34));
    const expected = Array.from({ length: 576 }, (_, i) => {
      const block = 34 * Math.floor(i / 32);
      return half(bytes, block) * bytes.getInt8(block + 2 + (i % 32));
    });
    expect(await row('model.embed_tokens.weight', 777)).toEqual(expected);
  });

  test('has query and key rows in halves: row 32 j + i of a head was row 2 i + j', async () => {
    for (const [hugging, packed, heads] of [
      ['q_proj', 'attn_q', 9],
      ['k_proj', 'attn_k', 3],
    ] as const) {
      for (const [j, i] of [
        [0, 0],
        [0, 5],
        [1, 0],
        [1, 31],
      ] as const) {
        const head = heads - 1;
        const expected = await rowOfQ4_1(`blk.14.${packed}.weight`, 64 * head + 2 * i + j);
        expect(await row(`model.layers.14.self_attn.${hugging}.weight`, 64 * head + 32 * j + i)).toEqual(expected);
      }
    }
  });

  test('says how far it is, and is there at once the second time', async () => {
    expect(new Set(stages.map(({ stage }) => stage))).toEqual(
      new Set(['checking the model file', 'unpacking weights']),
    );
    expect(stages.at(-1)).toEqual({ stage: 'unpacking weights', done: model!.cacheBytes, total: model!.cacheBytes });
    const start = performance.now();
    const again = await openCheckpoint(model!.name, {
      onProgress: ({ stage }) => expect(stage).not.toBe('unpacking weights'),
    });
    expect(performance.now() - start).toBeLessThan(1000);
    expect(again).toEqual(checkpoint);
  });
});

describe('refuses', () => {
  const refusal = async (model: string, options = {}): Promise<UserError> => {
    const error = await openCheckpoint(model, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).not.toContain('\n');
    return error as UserError;
  };

  test.each([
    ['smolm2-135m-instruct', 'did you mean smollm2-135m-instruct?'],
    ['SmolLM2-135M-Instruct', 'did you mean smollm2-135m-instruct?'],
    ['gpt17', 'no such model, file or folder; give a name from "dualform models"'],
    ['../../etc/nothing', 'there is no such file or folder'],
    ['./nothing', 'there is no such file or folder'],
    ['nothing.gguf', 'there is no such file or folder'],
    ['C:\\nothing', 'there is no such file or folder'],
    ['', 'there is no such file or folder'],
    ['a/../../b', 'no such model, file or folder'],
    ['CON', 'no such model, file or folder'],
    ['__proto__', 'no such model, file or folder'],
  ])('%j, as a wrong use', async (model, message) => {
    const error = await refusal(model);
    expect(error.message).toContain(message);
    expect(error.option).toBe('model');
  });

  test('names that no system takes', async () => {
    await refusal('a\0b');
    await refusal('x'.repeat(5000));
  });

  const made = (name: string, files: Readonly<Record<string, string>>): string => {
    const place = join(folder, name);
    mkdirSync(place);
    for (const [file, content] of Object.entries(files)) writeFileSync(join(place, file), content);
    return place;
  };

  test.each([
    ['empty', {}, 'there is no config.json'],
    ['with-gguf', { 'x.gguf': '' }, 'name that: x.gguf'],
    ['fairseq', { 'model.pt': '', 'dict.txt': '' }, 'model.pt: not a file of torch.save'],
    ['no-weights', { 'config.json': '{}' }, 'there is no model.safetensors and no model.safetensors.index.json'],
    ['torch', { 'config.json': '{}', 'pytorch_model.bin': '' }, 'pytorch_model.bin: not a file of torch.save'],
    ['two', { 'config.json': '{}', 'a.safetensors': '', 'b.safetensors': '' }, '2 .safetensors files but no index'],
    ['broken-config', { 'config.json': '{' }, 'config.json: not valid JSON'],
    ['list-config', { 'config.json': '[]' }, 'config.json: not an object'],
    ['cut', { 'config.json': '{}', 'model.safetensors': 'x' }, 'model.safetensors: not a valid safetensors file'],
  ])('a folder: %s', async (name, files, message) => {
    expect((await refusal(made(name, files))).message).toContain(message);
  });

  test.each([
    ['model.pt', 'not a file of torch.save'],
    ['model.safetensors', 'give the folder that holds it'],
    ['notes.txt', 'not a model file'],
    ['wrong.gguf', 'does not start with "GGUF"'],
  ])('a file: %s', async (name, message) => {
    const place = made(`file-${name}`, { [name]: 'some text' });
    expect((await refusal(join(place, name))).message).toContain(message);
  });

  test.runIf(process.platform !== 'win32')('a pipe in the place of a file, without waiting for it', async () => {
    for (const name of ['config.json', 'model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin']) {
      const place = made(`pipe-${name}`, name === 'config.json' ? {} : { 'config.json': '{}' });
      execFileSync('mkfifo', [join(place, name)]);
      expect((await refusal(place)).message).toBe(`${join(place, name)}: not a regular file; a file is needed`);
    }
  });

  test('an embedded model whose file was changed', async () => {
    const { file } = locateEmbedded(EMBEDDED_MODELS[0]!);
    const opened = openGguf(file, { name: 'x', source: 'x', sha256: '0'.repeat(64) });
    await expect(opened).rejects.toThrow(/its SHA-256 is b179c952[0-9a-f]+, its manifest says 0000/);
  });
});
