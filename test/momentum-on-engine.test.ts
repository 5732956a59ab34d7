import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeOnnx, input, type Tensor } from '../src/graph/index.ts';
import { attend } from '../src/model/attention.ts';
import { readDecoder } from '../src/model/families/index.ts';
import { openRuntime, type Runtime } from '../src/runtime/runtime.ts';

const [H, dh, T, P] = [2, 4, 5, 3];
const decoder = {
  ...readDecoder({ model_type: 'gpt2', vocab_size: 7, n_positions: 8, n_embd: 8, n_layer: 2, n_head: H }, 'test'),
  heads: H,
  keyValueHeads: H,
  headWidth: dh,
};
const positions = input('positions', 'int32', ['T']);
const memoryPositions = input('memory.positions', 'int32', ['P']);
const memory = {
  key: input('memory.key', 'float32', [H, dh, 'P']),
  value: input('memory.value', 'float32', [H, 'P', dh]),
  logWeight: input('memory.log_weight', 'float32', [1]),
};
const rows = (name: string) => input(name, 'float32', ['T', H * dh]);
const projections = { query: rows('query'), key: rows('key'), value: rows('value') };
const keys = {
  own: { positions },
  memory: { positions: memoryPositions },
};

function output(logEta: Tensor | undefined, withMemory: boolean): Tensor {
  const momentum = logEta && { logEta, positions };
  return attend(decoder, projections, { batch: 1 }, keys, withMemory ? memory : undefined, momentum).output;
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
    'memory.key': numbers([H, dh, P], 7),
    'memory.value': numbers([H, P, dh], 8),
    'memory.log_weight': { type: 'float32' as const, dims: [1], data: Float32Array.of(0) },
    positions: { type: 'int32' as const, dims: [T], data: Int32Array.from({ length: T }, (_, t) => P + t) },
    'memory.positions': { type: 'int32' as const, dims: [P], data: Int32Array.from({ length: P }, (_, p) => p) },
    log_eta: { type: 'float32' as const, dims: [H], data: Float32Array.of(-1e7, Math.log(0.5)) },
  };
  async function run(tensor: Tensor): Promise<Float32Array> {
    const session = await runtime.openSession({
      name: 'momentum',
      model: encodeOnnx({ name: 'm', outputs: { tensor } }),
    });
    const fed = Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputs.includes(name)));
    const { fetched } = await runtime.run(session, { doing: 'a test', feeds: fed, fetch: ['tensor'] });
    await runtime.closeSession(session);
    return fetched.tensor!.data as Float32Array;
  }
  const ofHead = (data: Float32Array, head: number) => data.filter((_, i) => Math.floor(i / dh) % H === head);

  test.each([false, true])('a head of eta = 0 is plain attention bit for bit, memory: %s', async withMemory => {
    const plain = await run(output(undefined, withMemory));
    const moving = await run(output(input('log_eta', 'float32', [H]), withMemory));
    expect(ofHead(moving, 0)).toEqual(ofHead(plain, 0));
    expect(ofHead(moving, 1)).not.toEqual(ofHead(plain, 1));
  });
});
