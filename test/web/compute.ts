import { readFileSync } from 'node:fs';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { computePrefix, emptyPrefix } from '../../src/model/prefix.ts';
import { observe } from '../../src/observe/observe.ts';
import { trace } from '../../src/observe/trace.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { WebDevice } from '../../src/runtime/web/open-executor.ts';
import { finetune } from '../../src/setting/finetune.ts';
import type { Browser } from '../devices/browser.ts';
import { relativeDifference } from '../reference/difference.ts';
import type { Asked, Computed, Files } from './app.ts';

export const ASKED: Asked = {
  before: [1, 2, 3],
  tokens: [5, 6, 7, 8],
  labels: [4, 9],
  sequence: [2, 5, 9, 4, 7],
  learningRate: 0.001,
};

/**
 * For the embedded model. Each begins with its BOS, which the heads of a trained model attend to
 * where nothing fits: without, its activations are larger and differences grow several times. The
 * step lowers the loss of its sequence. One of 0.001 raises it from 6.5 to 10.3, and multiplies the
 * difference between WebGPU and the CPU by 27.
 */
export const EMBEDDED_ASKED: Asked = {
  before: [0, 9519],
  tokens: [0, 504, 2398],
  labels: [4, 9],
  sequence: [0, 504, 1123],
  learningRate: 0.0001,
};

/** Writes a file of weights to the page and computes there. */
export function computeInPage(browser: Browser, file: string, device: WebDevice, asked: Asked): Promise<Computed> {
  browser.serve('/model.gguf', new Uint8Array(readFileSync(file)));
  return inPage(browser, 'compute', { weights: '/model.gguf', from: 'kept copy', device } satisfies Files, asked);
}

/** How far what was computed is from what the processor computes, as shares of the size of each tensor. */
export function distance(actual: Computed, expected: Computed) {
  const share = (a: readonly number[], b: readonly number[]) => relativeDifference(a, b).share;
  return {
    logProbabilities: share(actual.logProbabilities, expected.logProbabilities),
    losses: share(actual.losses, expected.losses),
    trace: Math.max(...expected.trace.map(({ data }, i) => share(actual.trace[i]!.data, data))),
  };
}

/** Calls a function of `app.ts` in the page. */
export function inPage<T>({ page }: Browser, name: string, ...args: readonly unknown[]): Promise<T> {
  return page.evaluate<T>(`import('/app.js').then(app => app.${name}(...${JSON.stringify(args)}))`);
}

/** What `compute` of the page does, in a compute process. */
export async function computeInNode(runtime: Runtime, path: string, asked: Asked): Promise<Computed> {
  const { before, tokens, labels, sequence, learningRate } = asked;
  const checkpoint = await openCheckpoint(path);
  const model = await loadModel(checkpoint, runtime);
  const prefix = await computePrefix(model, before, model.pretrained);
  const at = { prefix, projections: model.pretrained };
  const query = { tokens, tap: tokens.length - 1, reads: [tokens.length - 1] };
  const { queries } = await observe(model, at, [query], { labels, doing: 'a query' });
  const { losses, projections } = await finetune(model, [sequence], { learningRate });
  const tensors = await trace(model, { prefix: emptyPrefix(model.decoder), projections }, tokens);
  return {
    digest: checkpoint.digest,
    logProbabilities: [...queries[0]!.logProbabilities[0]!],
    losses,
    trace: tensors.map(({ name, data }) => ({ name, data: [...data] })),
  };
}
