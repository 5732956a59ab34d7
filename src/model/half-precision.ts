/** @file The graphs of a model in half precision, and the devices that compute them. */
import { deviceClass } from '../device.ts';
import { UserError } from '../error.ts';
import { halfProducts, type Rounding } from '../graph/half-products.ts';
import { matmul } from '../graph/operators/matmul.ts';
import { input } from '../graph/tensor.ts';
import { encodeFor, weightInputs } from '../runtime/encode-for.ts';
import type { Runtime, TensorData } from '../runtime/runtime.ts';
import type { Outputs } from './forward.ts';

/** A graph in half precision. One without weights updates projections, in float32. */
export function inHalf(outputs: Outputs, rounding?: Rounding): Outputs {
  if (weightInputs(outputs).size === 0) return outputs;
  return halfProducts(outputs, name => name.startsWith('gradient.'), rounding);
}

/** @throws UserError where a device does not compute in float16 */
export async function requireHalf(runtime: Runtime): Promise<void> {
  const { device } = runtime;
  const refuse = (why: string): never => {
    throw new UserError(`${device} ${why}`, {
      option: 'precision',
      value: 'float16',
      remedy: 'use float32, or `device` webgpu or cuda with a card that has float16',
    });
  };
  if (!['webgpu', 'cuda'].includes(deviceClass(device))) refuse('computes in float32 only');
  const dims = [2, 2];
  const x = input('x', 'float32', dims);
  const outputs = halfProducts({ y: matmul(x, x) }, () => false);
  const fed: TensorData = { type: 'float32', dims, data: Float32Array.of(1, 2, 3, 4) };
  const session = await runtime.openSession({ name: 'half', model: encodeFor(device, { name: 'half', outputs }) });
  const { fetched } = await runtime
    .run(session, { doing: 'multiplying in float16', feeds: { x: fed }, fetch: ['y'] })
    .catch(() => refuse('does not compute in float16'));
  await runtime.closeSession(session);
  if (String(fetched.y!.data) !== '7,10,15,22') refuse('multiplies wrongly in float16');
}
