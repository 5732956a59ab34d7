/**
 * @file The tests of the other devices on WebGPU, through SwiftShader, the software driver for Vulkan
 * that comes with Chromium: it is slow and knows every operation. Another driver is used where
 * `VK_ICD_FILENAMES` names one.
 */
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { runInPrecision } from '../../src/model/precision.ts';
import { prefixGraph } from '../../src/model/prefix.ts';
import { observationGraph } from '../../src/observe/observe.ts';
import { differsThere } from '../../src/run/agreeing-device.ts';
import { firstLayer } from '../../src/run/device-for-model.ts';
import { openRuntime } from '../../src/runtime/node/open-runtime.ts';
import { gradientGraph } from '../../src/setting/finetune-step.ts';
import { goldenFolder } from '../reference/golden.ts';
import { type Device, hasBrowser, inBrowser } from './devices.ts';
import { testModels } from './models.ts';
import { testOperators } from './operators.ts';
import { testPromises } from './promises.ts';
import { hasVulkanDriver } from './swiftshader.ts';
import { testTraining } from './training.ts';

const inNode: Device = {
  name: 'webgpu in Node',
  async open() {
    const runtime = await openRuntime({ device: 'webgpu', threads: 1 });
    return { ...runtime, kill: () => process.kill(runtime.pid, 'SIGKILL') };
  },
  tolerance: 1e-5,
  waveTolerance: 2 ** -11,
  // The binding keeps the 4 MiB of weights inside a closed session.
  growth: 128 * 2 ** 20,
};

function hasDriver(): boolean {
  if (hasVulkanDriver()) return true;
  console.warn('skipped on webgpu in Node: there is no driver; set VK_ICD_FILENAMES, or install the package chromium');
  return false;
}

const devices = [...(hasDriver() ? [inNode] : []), ...(hasBrowser() ? [inBrowser('webgpu')] : [])];

test.runIf(devices.includes(inNode))('the first layer of a model agrees with the processor', async () => {
  const checkpoint = await openCheckpoint(goldenFolder('llama'));
  expect(await differsThere('webgpu', { threads: 1 }, firstLayer(checkpoint))).toBeUndefined();
});

test.runIf(devices.includes(inNode))('SwiftShader has no float16, which is refused', async () => {
  const runtime = await inNode.open();
  const checkpoint = runInPrecision(await openCheckpoint(goldenFolder('llama')), 'float16');
  await expect(loadModel(checkpoint, runtime)).rejects.toThrow('webgpu does not compute in float16');
  await runtime.close();
});

test.runIf(devices.includes(inNode))('the sessions of a model share its weights', async () => {
  const runtime = await inNode.open();
  const model = await loadModel(await openCheckpoint(goldenFolder('llama')), runtime);
  for (const graph of [prefixGraph, observationGraph, gradientGraph]) await model.session(graph);
  expect((await runtime.tensors()).toSorted()).toEqual(model.decoder.tensors.map(({ name }) => name).toSorted());
  await runtime.close();
});

describe.each(devices)('operators on $name', testOperators);
describe.each(devices)('promises of a runtime on $name', testPromises);
describe.each(devices)('golden checkpoints on $name', testModels);
describe.each(devices)('training on $name', testTraining);
