import { encodeOnnx } from '../graph/onnx/encode.ts';
import { gemm } from '../graph/operators/index.ts';
import { input } from '../graph/tensor.ts';
import type { Runtime } from './runtime.ts';

/**
 * The peak of the machine with this engine: GFLOP/s of a large float32 matrix product, [512, 768] x
 * [768, 3072].
 *
 * @param runs number of runs; the fastest counts
 */
export async function matrixProductPeak(runtime: Runtime, runs = 20): Promise<number> {
  const [M, K, N] = [512, 768, 3072];
  const a = input('a', 'float32', [M, K]);
  const b = input('b', 'float32', [N, K]);
  const session = await runtime.openSession({
    name: 'matrix product',
    model: encodeOnnx({ name: 'peak', outputs: { c: gemm(a, b, { transposeB: true }) } }),
  });
  const random = (name: string, dims: readonly number[]) =>
    runtime.upload(name, {
      type: 'float32',
      dims,
      data: new Float32Array(dims.reduce((x, y) => x * y)).map(Math.random),
    });
  const feeds = { a: await random('a', [M, K]), b: await random('b', [N, K]) };
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const { seconds, kept } = await runtime.run(session, { doing: 'matrix product', feeds, keep: ['c'] });
    await runtime.release([kept.c!]);
    best = Math.min(best, seconds);
  }
  await runtime.closeSession(session);
  await runtime.release(Object.values(feeds));
  return (2 * M * K * N) / best / 1e9;
}
