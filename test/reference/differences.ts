import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { type LoadedModel, loadModel } from '../../src/model/loaded-model.ts';
import { computePrefix, emptyPrefix } from '../../src/model/prefix.ts';
import { trace } from '../../src/observe/trace.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { finetune } from '../../src/setting/finetune.ts';
import { relativeDifference } from './difference.ts';
import { GRADIENT_RATE, goldenFamilies, goldenFolder, readGolden, sizeOfGradient } from './golden.ts';

export interface Differences {
  readonly forward: number;
  readonly gradient: number;
}

/**
 * How far a golden checkpoint is from torch: the largest differences over the root mean square of
 * their tensors, of the traces with and without a prefix, and of a gradient.
 */
export async function differences(
  runtime: Runtime,
  name: string,
  change = (model: LoadedModel) => model,
): Promise<Differences> {
  const family = goldenFamilies.find(([each]) => each === name)![1];
  const { expected, sequences } = await readGolden(name, family);
  const model = change(await loadModel(await openCheckpoint(goldenFolder(name)), runtime));
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
