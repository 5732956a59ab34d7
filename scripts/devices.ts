/**
 * Computes the golden checkpoints of `test/golden` on every device of this machine and prints, as the
 * table of docs/devices.md, how far each is from torch:
 *
 *     npx tsx scripts/devices.ts
 *
 * `VK_ICD_FILENAMES` names the driver for WebGPU in Node, which is left out without it.
 */
import { openCheckpoint } from '../src/checkpoint/open.ts';
import { loadModel } from '../src/model/loaded-model.ts';
import { computePrefix, emptyPrefix } from '../src/model/prefix.ts';
import { trace } from '../src/observe/trace.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { finetune } from '../src/setting/finetune.ts';
import { browserFile, openBrowser } from '../test/devices/browser.ts';
import { relativeDifference } from '../test/reference/difference.ts';
import { GRADIENT_RATE, goldenFamilies, goldenFolder, readGolden, sizeOfGradient } from '../test/reference/golden.ts';

interface Differences {
  readonly forward: number;
  readonly gradient: number;
}

/** The largest differences over the root mean square of their tensors. */
async function differences(runtime: Runtime, name: string): Promise<Differences> {
  const family = goldenFamilies.find(([each]) => each === name)![1];
  const { expected, sequences } = await readGolden(name, family);
  const model = await loadModel(await openCheckpoint(goldenFolder(name)), runtime);
  const projections = model.pretrained;
  const tokens = Array.from(expected('tokens').data);
  const before = Array.from(expected('memory_tokens').data);
  const shares: number[] = [];
  for (const [prefix, prefixed] of [
    [emptyPrefix(model.decoder), ''],
    [await computePrefix(model, before, projections), 'memory.'],
  ] as const) {
    for (const { name: key, data } of await trace(model, { prefix, projections }, tokens)) {
      shares.push(relativeDifference(data, expected(prefixed + key).data).share);
    }
  }
  const tuned = await finetune(model, sequences.slice(0, 1), { learningRate: GRADIENT_RATE });
  const gradients: number[] = [];
  for (const [key, handle] of Object.entries(tuned.projections)) {
    const [x, y] = [await runtime.download(projections[key]!), await runtime.download(handle)];
    const gradient = Array.from(y.data, (value, i) => (x.data[i]! - value) / GRADIENT_RATE);
    const size = sizeOfGradient(each => expected(each).data, key);
    gradients.push(relativeDifference(gradient, expected(`gradient.${key}`).data, size).share);
  }
  return { forward: Math.max(...shares), gradient: Math.max(...gradients) };
}

const browser = browserFile() === undefined ? undefined : await openBrowser();
const runtimes: readonly (readonly [string, Runtime])[] = [
  ['cpu', await openRuntime({ threads: 1 })],
  ...(process.env.VK_ICD_FILENAMES === undefined
    ? []
    : [['webgpu in Node', await openRuntime({ device: 'webgpu', threads: 1 })] as const]),
  ...(browser === undefined
    ? []
    : ([
        ['wasm', await browser.openRuntime({ device: 'wasm', threads: 1 })],
        ['webgpu in a browser', await browser.openRuntime({ device: 'webgpu', threads: 1 })],
      ] as const)),
];
console.log(`| checkpoint | ${runtimes.map(([name]) => name).join(' | ')} |`);
console.log(`|---|${runtimes.map(() => '---').join('|')}|`);
for (const [name] of goldenFamilies) {
  const cells: string[] = [];
  for (const [, runtime] of runtimes) {
    const { forward, gradient } = await differences(runtime, name);
    cells.push(`${forward.toExponential(1)}, ${gradient.toExponential(1)}`);
  }
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
for (const [, runtime] of runtimes) await runtime.close();
await browser?.close();
