import { encodeOnnx } from '../../graph/onnx/encode.ts';
import { matmul } from '../../graph/operators/index.ts';
import { input } from '../../graph/tensor.ts';
import type { Engine } from '../engine.ts';
import type { Shape } from '../protocol.ts';

/**
 * A device that is there may still compute wrongly: a product of integers is exact on each.
 *
 * @throws Error naming the first wrong element
 */
export async function checkProduct<T extends Shape>(engine: Engine<T>): Promise<void> {
  const size = 16;
  const dims = [size, size];
  const [a, b] = [input('a', 'float32', dims), input('b', 'float32', dims)];
  const session = await engine.openSession({
    name: 'product',
    model: encodeOnnx({ name: 'product', outputs: { product: matmul(a, b) } }),
    weightsRoot: undefined,
    sources: [],
    prepack: false,
  });
  const left = Float32Array.from({ length: size * size }, (_, i) => (i % 7) - 3);
  const right = Float32Array.from({ length: size * size }, (_, i) => (i % 5) - 2);
  const feeds = {
    a: engine.feed({ type: 'float32', dims, data: left }),
    b: engine.feed({ type: 'float32', dims, data: right }),
  };
  const { product } = await session.run(feeds, ['product'], {});
  const { data } = await engine.download(product!);
  engine.dispose([feeds.a, feeds.b, product!]);
  await session.release();
  for (const [i, x] of data.entries()) {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += left[Math.floor(i / size) * size + k]! * right[k * size + (i % size)]!;
    if (x !== sum) throw new Error(`a product of two matrices is wrong there: ${x} for ${sum} at element ${i}`);
  }
}
