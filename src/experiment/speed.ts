import { encodeOnnx } from '../graph/onnx/encode.ts';
import { gemm } from '../graph/operators/gemm.ts';
import { input } from '../graph/tensor.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from '../runtime/runtime.ts';

/** What limits this machine: arithmetic for products with many rows, reading weights for those with few. */
export interface Speed {
  /** 1e9 floating-point operations a second in a large matrix product. */
  readonly gigaflops: number;
  /** 1e9 bytes of weights a second in the product with few rows. */
  readonly gigabytes: number;
}

/** A product with a matrix of a model: [rows, inner] x [inner, outer]. */
export interface ProductShape {
  readonly rows: number;
  readonly inner: number;
  readonly outer: number;
}

const USUAL: ProductShape = { rows: 512, inner: 768, outer: 3072 };
/** As many as a short demonstration has tokens. */
const FEW_ROWS = 16;
/** Each of the two measurements. */
const SECONDS = 0.8;

/** Measures for about two seconds. @param options.many the product in which arithmetic is measured */
export async function measureSpeed({
  many = USUAL,
  ...options
}: RuntimeOptions & { readonly many?: ProductShape } = {}): Promise<Speed> {
  const runtime = await openRuntime(options);
  try {
    const product = await usualSeconds(runtime, many);
    // Larger than the caches of most processors, as the weights of a model are.
    const few = { rows: FEW_ROWS, inner: 4096, outer: 4096 };
    const reading = await usualSeconds(runtime, few);
    return {
      gigaflops: (2 * many.rows * many.inner * many.outer) / product / 1e9,
      gigabytes: (4 * few.inner * few.outer) / reading / 1e9,
    };
  } finally {
    await runtime.close();
  }
}

/** The median of repeated products, the first left out: what is usual on this machine now, with all that it does besides. */
async function usualSeconds(runtime: Runtime, { rows, inner, outer }: ProductShape): Promise<number> {
  const a = input('a', 'float32', [rows, inner]);
  const b = input('b', 'float32', [outer, inner]);
  const session = await runtime.openSession({
    name: 'matrix product',
    model: encodeOnnx({ name: 'product', outputs: { c: gemm(a, b, { transposeB: true }) } }),
  });
  const ones = (name: string, dims: readonly [number, number]) =>
    runtime.upload(name, { type: 'float32', dims, data: new Float32Array(dims[0] * dims[1]).fill(1) });
  const feeds = { a: await ones('a', [rows, inner]), b: await ones('b', [outer, inner]) };
  const times: number[] = [];
  const end = performance.now() + 1000 * SECONDS;
  do {
    const { seconds, kept } = await runtime.run(session, { doing: 'measuring speed', feeds, keep: ['c'] });
    await runtime.release([kept.c!]);
    times.push(seconds);
  } while (times.length < 3 || performance.now() < end);
  await runtime.closeSession(session);
  await runtime.release(Object.values(feeds));
  const usual = times.slice(1).sort((x, y) => x - y);
  return usual[usual.length >> 1]!;
}
