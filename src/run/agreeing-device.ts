import type { Device, NodeDevice } from '../device.ts';
import type { Hooks } from '../hooks.ts';
import { physicalCores } from '../runtime/node/cores.ts';
import { openRuntime, type RuntimeOptions } from '../runtime/node/open-runtime.ts';
import { settleDevice } from '../runtime/node/settle-device.ts';
import type { Runtime } from '../runtime/runtime.ts';

export type Tensors = ReadonlyMap<string, Float32Array>;

/** Computes a small part of a job. */
export type Sample = (runtime: Runtime) => Promise<Tensors>;

/** Differences from the processor above this share of the largest number of a tensor are refused. */
const LIMIT = 1e-3;

/**
 * The device that a job computes on. For `auto`: the fastest one if the sample gives the same numbers
 * there as on the processor, else the processor, and `onWarning` is told why.
 */
export async function agreeingDevice(
  { device, threads = physicalCores(), signal, onWarning }: Hooks,
  sample: Sample,
): Promise<Device | undefined> {
  if (device !== 'auto') return device;
  const fastest = await settleDevice({ device, threads, signal });
  if (fastest === 'cpu') return fastest;
  const difference = await differsThere(fastest, { threads, signal }, sample);
  if (difference === undefined) return fastest;
  onWarning?.(`the device ${fastest} is not used: ${difference}`);
  return 'cpu';
}

/** How a sample differs on a device from the processor; undefined if it agrees. */
export async function differsThere(
  device: NodeDevice,
  options: Pick<RuntimeOptions, 'threads' | 'signal'>,
  sample: Sample,
): Promise<string | undefined> {
  const expected = await computeOn({ ...options, device: 'cpu' }, sample);
  return differing(expected, await computeOn({ ...options, device }, sample));
}

async function computeOn(options: RuntimeOptions, sample: Sample): Promise<Tensors> {
  const runtime = await openRuntime(options);
  try {
    return await sample(runtime);
  } finally {
    await runtime.close();
  }
}

/** The first tensor that differs, and by how much; undefined if each agrees. */
export function differing(expected: Tensors, found: Tensors): string | undefined {
  for (const [name, numbers] of expected) {
    const others = found.get(name)!;
    const largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const difference = numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - others[i]!)), 0);
    // NaN compares as false.
    if (difference <= LIMIT * largest) continue;
    const share = (difference / largest).toExponential(1);
    return `${name} of the model differs there by ${share} of its largest number from the processor`;
  }
  return undefined;
}
