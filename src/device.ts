/** Where a runtime under Node computes; `cuda:1` is the second card. */
export type NodeDevice = 'cpu' | 'webgpu' | 'cuda' | `cuda:${number}`;

/** Where a job computes; `auto` is the fastest device that computes correctly. */
export type Device = NodeDevice | 'auto';

/** Devices of one class round alike. */
export type DeviceClass = 'cpu' | 'webgpu' | 'cuda';

export function deviceClass(device: string): DeviceClass {
  return device.split(':')[0] as DeviceClass;
}

/** The number of a CUDA card. */
export function cardOf(device: string): number {
  return Number(device.split(':')[1] ?? 0);
}

/** Of the weights and of the products of the forward pass. */
export const precisions = ['float32', 'float16'] as const;
export type Precision = (typeof precisions)[number];
