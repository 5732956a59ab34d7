import { cardOf, deviceClass, type NodeDevice } from '../../device.ts';
import { encodeOnnx } from '../../graph/onnx/encode.ts';
import { matmul } from '../../graph/operators/index.ts';
import { input } from '../../graph/tensor.ts';
import type { Engine } from '../engine.ts';
import { createExecutor, type Executor } from '../executor.ts';
import type { Shape } from '../protocol.ts';

/**
 * The executor on a device. Engines are imported here, so that a system on which onnxruntime does not
 * load gets a message.
 * @throws Error with the reason of onnxruntime when the device is not there
 */
export async function openExecutor(device: NodeDevice, threads: number): Promise<Executor> {
  switch (deviceClass(device)) {
    case 'cpu':
      return createExecutor((await import('./engine.ts')).createNodeEngine({ threads }));
    case 'webgpu':
      return checked((await import('./webgpu.ts')).createWebgpuEngine({ threads }));
    case 'cuda':
      return checked((await import('./engine.ts')).createNodeEngine({ threads, card: cardOf(device) }));
  }
}

async function checked<T extends Shape>(engine: Engine<T>): Promise<Executor> {
  await multiply(engine);
  return createExecutor(engine);
}

/** A device that is there may still compute wrongly: a product of integers is exact on each. */
async function multiply<T extends Shape>(engine: Engine<T>): Promise<void> {
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
