/**
 * Computes the golden checkpoints of `test/golden` on every device of this machine and prints, as the
 * tables of docs/devices.md, how far each is from torch, and how far the embedded model on each device
 * is from the processor:
 *
 *     npx tsx scripts/devices.ts [--checkpoints llama,gpt2] [--embedded wasm] [--write]
 *
 * `--checkpoints` computes some rows of the first table. `--embedded` computes the second instead:
 * `all`, or the row of `webgpu`, `wasm` or `webgpu-browser`. `--write` puts rows into the page; those
 * that were not computed stay. WebGPU in Node uses the driver that `VK_ICD_FILENAMES` names, or
 * SwiftShader of the package chromium.
 */
import { parseArgs } from 'node:util';
import { reportTable } from '../bench/report-table.ts';
import { EMBEDDED_MODELS, locateEmbedded } from '../src/checkpoint/models.ts';
import { openRuntime } from '../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { browserFile, openBrowser } from '../test/devices/browser.ts';
import { hasVulkanDriver } from '../test/devices/swiftshader.ts';
import { type Differences, differences } from '../test/reference/differences.ts';
import { goldenFamilies } from '../test/reference/golden.ts';
import { inRoundedHalf } from '../test/reference/rounded-half.ts';
import type { Computed } from '../test/web/app.ts';
import { computeInNode, computeInPage, distance, EMBEDDED_ASKED } from '../test/web/compute.ts';

const { values: options } = parseArgs({
  options: {
    checkpoints: { type: 'string' },
    embedded: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const known = goldenFamilies.map(([name]) => name);
const checkpoints = options.checkpoints?.split(',') ?? known;
for (const name of checkpoints) {
  if (!known.includes(name)) throw new Error(`${name}: no such checkpoint; there are ${known.join(', ')}`);
}
const place = (name: string) => (options.write ? { page: 'devices.md', name, keys: 1 } : undefined);
const few = (x: number) => x.toExponential(1);
const browser = browserFile() === undefined ? undefined : await openBrowser();
const webgpuInNode = hasVulkanDriver();
if (options.embedded === undefined) await compareGolden();
else await compareEmbedded(options.embedded);
await browser?.close();

async function compareGolden(): Promise<void> {
  const runtimes: readonly (readonly [string, Runtime])[] = [
    ['cpu', await openRuntime({ threads: 1 })],
    ...(webgpuInNode ? [['webgpu in Node', await openRuntime({ device: 'webgpu', threads: 1 })] as const] : []),
    ...(browser === undefined
      ? []
      : ([
          ['wasm', await browser.openRuntime({ device: 'wasm', threads: 1 })],
          ['webgpu in a browser', await browser.openRuntime({ device: 'webgpu', threads: 1 })],
        ] as const)),
  ];
  const cell = ({ forward, gradient }: Differences) => `${few(forward)}, ${few(gradient)}`;
  for (const name of checkpoints) {
    const row = [name];
    for (const [, runtime] of runtimes) row.push(cell(await differences(runtime, name)));
    row.push(cell(await differences(runtimes[0]![1], name, inRoundedHalf)));
    reportTable(
      {
        conditions:
          'The largest differences from torch, as a share of the root mean square of the tensor: of the traces\n' +
          'with and without a prefix, and of a gradient:',
        head: ['checkpoint', ...runtimes.map(([name]) => name), 'float16, rounded on cpu'],
        rows: [row],
      },
      place('devices'),
    );
  }
  for (const [, runtime] of runtimes) await runtime.close();
}

async function compareEmbedded(asked: string): Promise<void> {
  const { name } = EMBEDDED_MODELS[0]!;
  const { file } = locateEmbedded(EMBEDDED_MODELS[0]!);
  const inNode = async (device: 'cpu' | 'webgpu') => {
    const runtime = await openRuntime({ device, threads: 1 });
    try {
      return await computeInNode(runtime, file, EMBEDDED_ASKED);
    } finally {
      await runtime.close();
    }
  };
  const devices: Readonly<Record<string, readonly [string, () => Promise<Computed>]>> = {
    ...(webgpuInNode && { webgpu: ['webgpu in Node', () => inNode('webgpu')] }),
    ...(browser && {
      wasm: ['wasm', () => computeInPage(browser, file, 'wasm', EMBEDDED_ASKED)],
      'webgpu-browser': ['webgpu in a browser', () => computeInPage(browser, file, 'webgpu', EMBEDDED_ASKED)],
    }),
  };
  const chosen = asked === 'all' ? Object.keys(devices) : [asked];
  const expected = await inNode('cpu');
  for (const key of chosen) {
    const device = devices[key];
    if (device === undefined) throw new Error(`${key}: not here; there are ${Object.keys(devices).join(', ')}`);
    const { logProbabilities, losses, trace } = distance(await device[1](), expected);
    reportTable(
      {
        conditions: `The largest differences of ${name} from \`cpu\`, as a share of the root mean square of each tensor:`,
        head: ['device', 'label log-probabilities', 'loss of a step', 'all tensors of a trace after it'],
        rows: [[device[0], few(logProbabilities), few(losses), few(trace)]],
      },
      place('devices:embedded'),
    );
  }
}
