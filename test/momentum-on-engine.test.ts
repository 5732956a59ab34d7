import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differentiate, encodeOnnx, input, type Tensor } from '../src/graph/index.ts';
import * as g from '../src/graph/operators/index.ts';
import { attend } from '../src/model/attention.ts';
import type { Pass } from '../src/model/decoder.ts';
import { readDecoder } from '../src/model/families/index.ts';
import { configWithMomentum, ownDecay } from '../src/model/momentum.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime, TensorData } from '../src/runtime/runtime.ts';
import { interpret, value } from './reference/interpreter.ts';

const [H, dh, T, P] = [2, 4, 5, 3];
/** The smallest normal number of float32: smaller ones may become zero. */
const SMALLEST = 2 ** -126;
const gpt2 = { model_type: 'gpt2', vocab_size: 7, n_positions: 8, n_embd: 8, n_layer: 2, n_head: H };
const decoder = {
  ...readDecoder(gpt2, 'test'),
  heads: H,
  keyValueHeads: H,
  headDim: dh,
};
const positions = input('positions', 'int32', ['T']);
const prefixPositions = input('prefix.positions', 'int32', ['P']);
const prefix = {
  key: input('prefix.key', 'float32', [H, dh, 'P']),
  value: input('prefix.value', 'float32', [H, 'P', dh]),
  logWeight: input('prefix.log_weight', 'float32', [1]),
};
const rows = (name: string) => input(name, 'float32', ['T', H * dh]);
const qkv = { query: rows('query'), key: rows('key'), value: rows('value') };
const keys = {
  own: { positions },
  prefix: { positions: prefixPositions },
};

function output(logEta: Tensor | undefined, withPrefix: boolean): Tensor {
  const momentum = logEta && { logEta, positions };
  return attend(decoder, qkv, { batch: 1 }, keys, withPrefix ? prefix : undefined, momentum).output;
}

describe('on the engine', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await openRuntime({ threads: 1 });
  });
  afterAll(() => runtime.close());

  const numbers = (dims: number[], seed: number) => ({
    type: 'float32' as const,
    dims,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(2.4 * (i + 1) + seed)),
  });
  const feeds = {
    ...Object.fromEntries(['query', 'key', 'value'].map((name, i) => [name, numbers([T, H * dh], i)])),
    'prefix.key': numbers([H, dh, P], 7),
    'prefix.value': numbers([H, P, dh], 8),
    'prefix.log_weight': { type: 'float32' as const, dims: [1], data: Float32Array.of(0) },
    positions: { type: 'int32' as const, dims: [T], data: Int32Array.from({ length: T }, (_, t) => P + t) },
    'prefix.positions': { type: 'int32' as const, dims: [P], data: Int32Array.from({ length: P }, (_, p) => p) },
    log_eta: { type: 'float32' as const, dims: [H], data: Float32Array.of(-1e7, Math.log(0.5)) },
  };
  async function run(tensor: Tensor): Promise<Float32Array> {
    return (await runAll({ tensor }, feeds)).tensor!;
  }
  async function runAll<N extends string>(
    outputs: Readonly<Record<N, Tensor>>,
    fed: Readonly<Record<string, TensorData>>,
  ) {
    const session = await runtime.openSession({ name: 'momentum', model: encodeOnnx({ name: 'm', outputs }) });
    const { fetched } = await runtime.run(session, {
      doing: 'a test',
      feeds: Object.fromEntries(Object.entries(fed).filter(([name]) => session.inputs.includes(name))),
      fetch: session.outputs,
    });
    await runtime.closeSession(session);
    return Object.fromEntries(Object.entries(fetched).map(([name, { data }]) => [name, data])) as Record<
      N,
      Float32Array
    >;
  }
  const ofHead = (data: Float32Array, head: number) => data.filter((_, i) => Math.floor(i / dh) % H === head);

  test.each([false, true])('a head of eta = 0 is plain attention bit for bit, prefix: %s', async withPrefix => {
    const plain = await run(output(undefined, withPrefix));
    const moving = await run(output(input('log_eta', 'float32', [H]), withPrefix));
    expect(ofHead(moving, 0)).toEqual(ofHead(plain, 0));
    expect(ofHead(moving, 1)).not.toEqual(ofHead(plain, 1));
  });

  describe.each([-40, 0, 20, 40])('a learned logit of %d', logit => {
    const logits = input('logit', 'float32', [H]);
    const family = readDecoder(configWithMomentum(gpt2, 'learned'), 'test');
    const learned = family.momentum!({ tensor: () => logits } as unknown as Pass, 0)!;
    const fed = { ...feeds, logit: { type: 'float32' as const, dims: [H], data: Float32Array.of(logit, 0) } };
    const eta = 1 / (1 + Math.exp(-logit));

    test('weighs every earlier token by eta^distance, and no other token', async () => {
      const { decay } = await runAll({ decay: ownDecay(decoder, learned, positions) }, fed);
      for (let t = 0; t < T; t++) {
        for (let i = 0; i < T; i++) {
          const weight = decay[t * T + i]!;
          if (i >= t) expect(weight, `token ${i} at ${t}`).toBe(0);
          else
            expect(Math.abs(weight - eta ** (t - i)), `token ${i} at ${t}`).toBeLessThanOrEqual(
              1e-5 * eta ** (t - i) + SMALLEST,
            );
        }
      }
    });

    test.each([false, true])('no row depends on later ones, prefix: %s', async withPrefix => {
      const mask = input('mask', 'float32', ['T', 1, 'T']);
      const causal = { ...keys, own: { positions, mask } };
      const momentum = { logEta: learned, positions };
      const seen = withPrefix ? prefix : undefined;
      const { output } = attend(decoder, qkv, { batch: 1 }, causal, seen, momentum);
      const hidden = Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e30 : 0));
      const causalFeeds = { ...fed, mask: { type: 'float32' as const, dims: [T, 1, T], data: hidden } };
      const before = (await runAll({ output }, causalFeeds)).output;
      const value = numbers([T, H * dh], 2);
      value.data.subarray((T - 1) * H * dh).fill(100);
      const after = (await runAll({ output }, { ...causalFeeds, value })).output;
      const rest = (T - 1) * H * dh;
      expect(after.subarray(0, rest)).toEqual(before.subarray(0, rest));
      expect(after.subarray(rest)).not.toEqual(before.subarray(rest));
    });

    test('has finite gradients, equal to those of the interpreter', async () => {
      const momentum = { logEta: learned, positions };
      const { output } = attend(decoder, qkv, { batch: 1 }, keys, prefix, momentum);
      const loss = g.reduceSum(g.mul(output, output), [0, 1]);
      const [ofLogit, ofValue] = differentiate(loss, [logits, qkv.value]);
      const made = await runAll({ ofLogit: ofLogit!, ofValue: ofValue! }, fed);
      const plain = interpret(
        [ofLogit!, ofValue!],
        Object.fromEntries(Object.entries(fed).map(([name, { dims, data }]) => [name, value(dims, data)])),
      );
      for (const [i, data] of [made.ofLogit, made.ofValue].entries()) {
        const expected = plain[i]!.data;
        const size = Math.max(...expected.map(Math.abs));
        expect([...data].every(Number.isFinite)).toBe(true);
        expect(data).toBeAllClose(expected, 1e-5 * size);
      }
    });
  });
});
