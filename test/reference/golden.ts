/**
 * @file Reads the golden checkpoints of `test/golden` and replays them with the reference
 * interpreter.
 */
import { readFile } from 'node:fs/promises';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import type { Tensor } from '../../src/graph/index.ts';
import { derivedInputs } from '../../src/graph/tensor.ts';
import type { Decoder, Family } from '../../src/model/decoder.ts';
import { families, readDecoder } from '../../src/model/families/index.ts';
import type { Outputs } from '../../src/model/forward.ts';
import { names } from '../../src/model/names.ts';
import { rootMeanSquare } from './difference.ts';
import { type Feeds, interpret, type Value, value } from './interpreter.ts';

/** The golden checkpoints and the family of each. */
export const goldenFamilies: readonly (readonly [name: string, family: Family])[] = [
  ['bloom', families.bloom!],
  ['gemma', families.gemma!],
  ['gemma2', families.gemma2!],
  ['gemma3', families.gemma3_text!],
  ['gpt2', families.gpt2!],
  ['gptj', families.gptj!],
  ['mistral', families.mistral!],
  ['phi', families.phi!],
  ['phi3', families.phi3!],
  ['gpt-neo', families.gpt_neo!],
  ['gpt-neox', families.gpt_neox!],
  ['llama', families.llama!],
  ['llama3-rope', families.llama!],
  ['momentum-gpt2', readDecoder],
  ['momentum-llama', readDecoder],
  ['opt', families.opt!],
  ['opt-post-norm', families.opt!],
  ['qwen2', families.qwen2!],
  ['qwen3', families.qwen3!],
  ['xglm', families.xglm!],
];

/**
 * How far float32 results may be from torch's, as the largest difference over the root mean square
 * of the tensor. The first two are promised in README.md and docs/models.md. Torch itself is up to
 * 1.3e-5 from its gradients in float64.
 */
export const bounds = {
  /** Logits, attention outputs, attention scores, queries and losses. */
  forward: 1e-5,
  gradient: 3e-5,
  /** A weight after three steps: some three to a thousand times its change. */
  weight: 5e-6,
  /**
   * As `forward`, of the embedded model: thirty layers deep where the golden families have two to
   * four.
   */
  deep: 1e-4,
  /** Logits, taps and gradients with the products of the forward pass in float16. */
  half: 3e-2,
} as const;

export const goldenFolder = (name: string) => new URL(`../golden/${name}/`, import.meta.url).pathname;

export interface Golden {
  readonly decoder: Decoder;
  readonly expected: (name: string) => Value;
  readonly expectedNames: readonly string[];
  readonly weights: Feeds;
  /** Training sequences without their padding. */
  readonly sequences: readonly (readonly number[])[];
}

export async function readGolden(name: string, family: Family): Promise<Golden> {
  const folder = goldenFolder(name);
  const config = JSON.parse(await readFile(`${folder}config.json`, 'utf8'));
  const values = async (file: string) =>
    new Map(
      [...(await readSafetensors(folder + file))].map(([key, { shape, data }]) => [
        key,
        value(shape, Array.from(data, Number)),
      ]),
    );
  const expectations = await values('expected.safetensors');
  const expected = (key: string) => {
    const found = expectations.get(key);
    if (found === undefined)
      throw new Error(
        `${folder}expected.safetensors has no ${key}; it is made by make.py as the README beside it says`,
      );
    return found;
  };
  const { shape, data } = expected('sequences');
  const rows = Array.from({ length: shape[0]! }, (_, i) => Array.from(data.slice(i * shape[1]!, (i + 1) * shape[1]!)));
  return {
    decoder: family(config, folder),
    expected,
    expectedNames: [...expectations.keys()],
    weights: Object.fromEntries(await values('model.safetensors')),
    sequences: rows.map(row => row.filter(token => token >= 0)),
  };
}

/**
 * So large a step that the weight before it is lost in float32: what it changes is the gradient,
 * rounded once.
 */
export const GRADIENT_RATE = 2 ** 20;

/**
 * What the error of a gradient is measured against: the gradient itself. A bias that moves all keys
 * of a head alike changes no softmax, so its gradient is rounding alone; the gradient of the value
 * bias next to it says how large one is.
 *
 * @param expected golden tensors by name
 */
export function sizeOfGradient(expected: (name: string) => ArrayLike<number>, key: string): ArrayLike<number> {
  const own = expected(`gradient.${key}`);
  if (!key.endsWith('k_proj.bias')) return own;
  const values = expected(`gradient.${key.replace('k_proj', 'v_proj')}`);
  return rootMeanSquare(own) < 1e-6 * rootMeanSquare(values) ? values : own;
}

const vector = (...data: number[]) => value([data.length], data);

/** The feeds of a prefix that weighs nothing. */
export function noPrefix({ layers, keyValueHeads, headDim }: Decoder): Feeds {
  const zeros = new Float64Array(keyValueHeads * headDim);
  const feeds: Record<string, Value> = {
    [names.prefixLogWeight]: vector(-1e30),
    [names.prefixPositions]: vector(0),
  };
  for (let layer = 0; layer < layers; layer++) {
    feeds[names.prefixKey(layer)] = value([keyValueHeads, headDim, 1], zeros);
    feeds[names.prefixValue(layer)] = value([keyValueHeads, 1, headDim], zeros);
  }
  return feeds;
}

export function tokenFeeds(tokens: ArrayLike<number>, start: number): Feeds {
  return {
    [names.tokens]: value([tokens.length], tokens),
    [names.positions]: vector(...Array.from(tokens, (_, i) => start + i)),
  };
}

/** The same for a graph of several sequences, here a single one. */
export function packedFeeds(tokens: ArrayLike<number>, start: number): Feeds {
  const T = tokens.length;
  const places = vector(...Array(T).keys());
  const alone = tokenFeeds(tokens, start);
  return {
    ...alone,
    [names.slots]: value([1, T], places.data),
    [names.places]: places,
    [names.ownPositions]: alone[names.positions]!,
  };
}

/** Outputs of a graph by name. */
export function evaluate(outputs: Outputs, feeds: Feeds): Readonly<Record<string, Value>> {
  const keys = Object.keys(outputs);
  const all: Record<string, Value> = { ...feeds };
  for (const [name, { from, rows }] of Object.entries(derivedInputs(Object.values(outputs)))) {
    const source = Int32Array.from(feeds[from]!.data);
    const data = rows(source);
    all[name] = value([source.length, data.length / source.length], data);
  }
  const values = interpret(
    keys.map(key => outputs[key] as Tensor),
    all,
  );
  return Object.fromEntries(keys.map((key, i) => [key, values[i]!]));
}

/** Keys and values of a prefix graph as the feeds of what follows it. */
export function asPrefix(decoder: Decoder, left: Readonly<Record<string, Value>>): Feeds {
  const P = left[names.key(0)]!.shape[2]!;
  const feeds: Record<string, Value> = {
    [names.prefixLogWeight]: vector(0),
    [names.prefixPositions]: vector(...Array(P).keys()),
  };
  for (let layer = 0; layer < decoder.layers; layer++) {
    feeds[names.prefixKey(layer)] = left[names.key(layer)]!;
    feeds[names.prefixValue(layer)] = left[names.value(layer)]!;
  }
  return feeds;
}

/**
 * Expected values where the golden scores are hidden by the mask (NaN), taken over from the actual
 * ones.
 */
export function visibleOnly(actual: Value, expected: Value): Float64Array {
  return expected.data.map((x, i) => (Number.isNaN(x) ? actual.data[i]! : x));
}
