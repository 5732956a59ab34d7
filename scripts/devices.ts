/**
 * Computes the golden checkpoints of `test/golden` on every device of this machine and prints, as the
 * table of docs/devices.md, how far each is from torch:
 *
 *     npx tsx scripts/devices.ts
 *
 * `VK_ICD_FILENAMES` names the driver for WebGPU in Node, which is left out without it.
 */
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { browserFile, openBrowser } from '../test/devices/browser.ts';
import { type Differences, differences } from '../test/reference/differences.ts';
import { goldenFamilies } from '../test/reference/golden.ts';
import { inRoundedHalf } from '../test/reference/rounded-half.ts';

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
console.log(`| checkpoint | ${runtimes.map(([name]) => name).join(' | ')} | float16, rounded on cpu |`);
console.log(`|---|${runtimes.map(() => '---').join('|')}|---|`);
for (const [name] of goldenFamilies) {
  const cells: string[] = [];
  const add = ({ forward, gradient }: Differences) =>
    cells.push(`${forward.toExponential(1)}, ${gradient.toExponential(1)}`);
  for (const [, runtime] of runtimes) add(await differences(runtime, name));
  add(await differences(runtimes[0]![1], name, inRoundedHalf));
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
for (const [, runtime] of runtimes) await runtime.close();
await browser?.close();
