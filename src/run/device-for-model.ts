import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { Device } from '../device.ts';
import type { Hooks } from '../hooks.ts';
import { fedInputs, tokenFeeds } from '../model/feeds.ts';
import { forward } from '../model/forward.ts';
import { loadModel, type ModelGraph } from '../model/loaded-model.ts';
import { runInPrecision } from '../model/precision.ts';
import { agreeingDevice, type Sample } from './agreeing-device.ts';

const TOKENS = [1, 2, 3, 4, 5, 6, 7, 8];

/** The device that a model computes on; for `auto` its first layer is compared with the processor. */
export function deviceForModel(checkpoint: Checkpoint, hooks: Hooks): Promise<Device | undefined> {
  return agreeingDevice(hooks, firstLayer(checkpoint));
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

/** The first layer of a model, over a few tokens. */
export function firstLayer(checkpoint: Checkpoint): Sample {
  return async runtime => {
    // The processor has no float16.
    const model = await loadModel(runInPrecision(checkpoint, 'float32'), runtime, { layers: 1 });
    const session = await model.session(firstLayerGraph);
    const { fetched } = await runtime.run(session, {
      doing: 'comparing the first layer on two devices',
      feeds: fedInputs(session, { ...model.pretrained, ...tokenFeeds(TOKENS, 0) }),
      fetch: session.outputs,
    });
    return new Map(Object.entries(fetched).map(([name, { data }]) => [name, data as Float32Array]));
  };
}
