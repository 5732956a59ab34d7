import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { Device, NodeDevice } from '../device.ts';
import type { Hooks } from '../hooks.ts';
import { fedInputs, tokenFeeds } from '../model/feeds.ts';
import { forward } from '../model/forward.ts';
import { loadModel, type ModelGraph } from '../model/loaded-model.ts';
import { physicalCores } from '../runtime/node/cores.ts';
import { openRuntime, type RuntimeOptions } from '../runtime/node/open-runtime.ts';
import { settleDevice } from '../runtime/node/settle-device.ts';

type Tensors = ReadonlyMap<string, Float32Array>;

/** Differences from the processor above this share of the largest number of a tensor are refused. */
const LIMIT = 1e-3;
const TOKENS = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * The device that a model computes on. For `auto`: the fastest one if the first layer of the model
 * gives the same numbers there as on the processor, else the processor, and `onWarning` is told why.
 */
export async function deviceForModel(
  checkpoint: Checkpoint,
  { device, threads = physicalCores(), signal, onWarning }: Hooks,
): Promise<Device | undefined> {
  if (device !== 'auto') return device;
  const fastest = await settleDevice({ device, threads, signal });
  if (fastest === 'cpu') return fastest;
  const difference = await firstLayerDiffers(checkpoint, fastest, { threads, signal });
  if (difference === undefined) return fastest;
  onWarning?.(`the device ${fastest} is not used: ${difference}`);
  return 'cpu';
}

/** How the first layer of a model differs on a device from the processor; undefined if it agrees. */
export async function firstLayerDiffers(
  checkpoint: Checkpoint,
  device: NodeDevice,
  options: Pick<RuntimeOptions, 'threads' | 'signal'> = {},
): Promise<string | undefined> {
  const expected = await firstLayer(checkpoint, { ...options, device: 'cpu' });
  return differing(expected, await firstLayer(checkpoint, { ...options, device }));
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

/** One sequence of T tokens -> queries, attention output and output of the first layer. */
const firstLayerGraph: ModelGraph = {
  name: 'first layer',
  outputs: decoder => {
    const [{ qkv, attentionOutput, output }] = forward(decoder, 'one', false).layers as [
      ReturnType<typeof forward>['layers'][number],
    ];
    return { 'layers.0.query': qkv.query, 'layers.0.attention_output': attentionOutput, 'layers.0.output': output };
  },
};

async function firstLayer(checkpoint: Checkpoint, options: RuntimeOptions): Promise<Tensors> {
  const runtime = await openRuntime(options);
  try {
    const model = await loadModel(checkpoint, runtime, { layers: 1 });
    const session = await model.session(firstLayerGraph);
    const { fetched } = await runtime.run(session, {
      doing: 'comparing the first layer on two devices',
      feeds: fedInputs(session, { ...model.pretrained, ...tokenFeeds(TOKENS, 0) }),
      fetch: session.outputs,
    });
    return new Map(Object.entries(fetched).map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await runtime.close();
  }
}
