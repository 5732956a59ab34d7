import { cardOf, deviceClass, type NodeDevice } from '../../device.ts';
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
      return checked((await import('./webgpu.ts')).createNodeWebgpuEngine({ threads }));
    case 'cuda':
      return checked((await import('./engine.ts')).createNodeEngine({ threads, card: cardOf(device) }));
  }
}

/** The check loads the graph module, which a processor does not need at its start. */
async function checked<T extends Shape>(engine: Engine<T>): Promise<Executor> {
  await (await import('./check-product.ts')).checkProduct(engine);
  return createExecutor(engine);
}
