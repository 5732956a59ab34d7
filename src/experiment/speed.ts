import { encodeOnnx } from '../graph/onnx/encode.ts';
import { gemm } from '../graph/operators/gemm.ts';
import { input } from '../graph/tensor.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from '../runtime/runtime.ts';

/** What limits this machine: arithmetic for long products, reading weights for short ones. */
export interface Speed {
  /** 1e9 floating-point operations a second in a large matrix product. */
  readonly gigaflops: number;
  /** 1e9 bytes of weights a second in the product with a single row. */
  readonly gigabytes: number;
}

/** Measures for about a second. */
export async function measureSpeed(options: RuntimeOptions = {}): Promise<Speed> {
  const runtime = await openRuntime(options);
  try {
    const [M, K, N] = [512, 768, 3072];
    const product = await bestSeconds(runtime, [M, K, N], 30);
    const [k, n] = [4096, 4096];
    const reading = await bestSeconds(runtime, [1, k, n], 5);
    return { gigaflops: (2 * M * K * N) / product / 1e9, gigabytes: (4 * k * n) / reading / 1e9 };
  } finally {
    await runtime.close();
  }
}

/** Of the product [M, K] x [K, N]. */
async function bestSeconds(runtime: Runtime, [M, K, N]: readonly [number, number, number], times: number) {
  const a = input('a', 'float32', [M, K]);
  const b = input('b', 'float32', [N, K]);
  const session = await runtime.openSession({
    name: 'matrix product',
    model: encodeOnnx({ name: 'product', outputs: { c: gemm(a, b, { transposeB: true }) } }),
  });
  const ones = (name: string, dims: readonly [number, number]) =>
    runtime.upload(name, { type: 'float32', dims, data: new Float32Array(dims[0] * dims[1]).fill(1) });
  const feeds = { a: await ones('a', [M, K]), b: await ones('b', [N, K]) };
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const { seconds, kept } = await runtime.run(session, { doing: 'measuring speed', feeds, keep: ['c'] });
    await runtime.release([kept.c!]);
    best = Math.min(best, seconds);
  }
  await runtime.closeSession(session);
  await runtime.release(Object.values(feeds));
  return best;
}
