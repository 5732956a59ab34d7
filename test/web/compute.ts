import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { computePrefix, emptyPrefix } from '../../src/model/prefix.ts';
import { observe } from '../../src/observe/observe.ts';
import { trace } from '../../src/observe/trace.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { finetune } from '../../src/setting/finetune.ts';
import type { Browser } from '../devices/browser.ts';
import type { Asked, Computed } from './app.ts';

export const ASKED: Asked = { before: [1, 2, 3], tokens: [5, 6, 7, 8], labels: [4, 9], sequence: [2, 5, 9, 4, 7] };

/** Calls a function of `app.ts` in the page. */
export function inPage<T>({ page }: Browser, name: string, ...args: readonly unknown[]): Promise<T> {
  return page.evaluate<T>(`import('/app.js').then(app => app.${name}(...${JSON.stringify(args)}))`);
}

/** What `compute` of the page does, in the compute process. */
export async function computeOnCpu(runtime: Runtime, path: string, asked: Asked): Promise<Computed> {
  const { before, tokens, labels, sequence } = asked;
  const checkpoint = await openCheckpoint(path);
  const model = await loadModel(checkpoint, runtime);
  const prefix = await computePrefix(model, before, model.pretrained);
  const at = { prefix, projections: model.pretrained };
  const query = { tokens, tap: tokens.length - 1, reads: [tokens.length - 1] };
  const { queries } = await observe(model, at, [query], { labels, doing: 'a query' });
  const { losses, projections } = await finetune(model, [sequence], { learningRate: 0.001 });
  const tensors = await trace(model, { prefix: emptyPrefix(model.decoder), projections }, tokens);
  return {
    digest: checkpoint.digest,
    logProbabilities: [...queries[0]!.logProbabilities[0]!],
    losses,
    trace: tensors.map(({ name, data }) => ({ name, data: [...data] })),
  };
}
