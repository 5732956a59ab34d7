import { afterEach, expect, test, vi } from 'vitest';
import { UserError } from '../../error.ts';
import { openRuntime } from './open-runtime.ts';

afterEach(() => vi.unstubAllEnvs());

test.each([
  ['webgpu', /^device webgpu is not there: Failed to get a WebGPU adapter.*; install .* compute with `device` cpu$/],
  ['cuda', /^device cuda is not there: .*; install CUDA 12, cuDNN 9 .* compute with `device` cpu$/],
] as const)('%s without a driver is one line that says why and what to do', async (device, message) => {
  // No driver, wherever the test runs.
  vi.stubEnv('VK_ICD_FILENAMES', '/nowhere.json');
  vi.stubEnv('VK_DRIVER_FILES', '/nowhere.json');
  vi.stubEnv('CUDA_VISIBLE_DEVICES', '');
  const error = await openRuntime({ device, threads: 1 }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(message);
  // Exit 1: the option is right, the device is not there.
  expect((error as UserError).option).toBeUndefined();
});

test('auto opens a device that is there', async () => {
  const runtime = await openRuntime({ device: 'auto', threads: 1 });
  expect(['cpu', 'webgpu', 'cuda']).toContain(runtime.device);
  await runtime.close();
});
