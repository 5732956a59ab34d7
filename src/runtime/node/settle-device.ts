import type { Device, NodeDevice } from '../../device.ts';
import { matrixProductPeak } from '../matrix-product-peak.ts';
import { runtimeOver } from '../runtime.ts';
import { startComputeProcess } from './compute-process.ts';

interface Options {
  readonly device?: Device | undefined;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs of a product of large matrices; the fastest counts. */
const TIMED_PRODUCTS = 3;

let settled: Promise<NodeDevice> | undefined;

/** The device that a runtime opens on. That of `auto` is looked for once in a process. */
export async function settleDevice({ device = 'cpu', ...options }: Options): Promise<NodeDevice> {
  if (device !== 'auto') return device;
  settled ??= fastestDevice(options);
  settled.catch(() => {
    settled = undefined;
  });
  return settled;
}

/** The device with the fastest matrix product. One whose products are wrong counts as not there. */
async function fastestDevice(options: Omit<Options, 'device'>): Promise<NodeDevice> {
  let fastest: { readonly device: NodeDevice; readonly speed: number } = { device: 'cpu', speed: 0 };
  for (const device of ['cpu', 'cuda', 'webgpu'] as const) {
    const speed = await speedOf(device, options);
    if (speed !== undefined && speed > fastest.speed) fastest = { device, speed };
  }
  return fastest.device;
}

/** GFLOP/s of a device in a process of its own; undefined where it is not there. */
async function speedOf(device: NodeDevice, options: Omit<Options, 'device'>): Promise<number | undefined> {
  try {
    const runtime = runtimeOver(await startComputeProcess({ ...options, device }));
    try {
      return await matrixProductPeak(runtime, TIMED_PRODUCTS);
    } finally {
      await runtime.close();
    }
  } catch (error) {
    if (device === 'cpu' || options.signal?.aborted) throw error;
    return undefined;
  }
}
