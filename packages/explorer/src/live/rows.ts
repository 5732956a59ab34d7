import type { LabelledText } from '../../../../src/explore/live/request.ts';
import type { PageTask } from '../../../../src/explore/page-data.ts';
import { ask } from '../site.ts';

/** Which rows of a task. */
export interface RowsWish {
  readonly task: PageTask;
  readonly seed: number;
  readonly shots: number;
  /** Place of the query in evaluation order. */
  readonly query: number;
}

export interface RowsRequest extends RowsWish {
  readonly call: number;
  /** The task's files, with its first request. */
  readonly packed?: { readonly train: ArrayBuffer; readonly evaluation: ArrayBuffer };
}

export interface Rows {
  /** The first rows of the seed's shuffle of the training rows, the template filled in. */
  readonly demonstrations: readonly LabelledText[];
  /** As many that follow them. */
  readonly others: readonly LabelledText[];
  readonly query: string;
}

export type RowsAnswer = { readonly call: number } & (Rows | { readonly failure: string });

let worker: Worker | undefined;
let calls = 0;
const waiting = new Map<number, (answer: RowsAnswer) => void>();
const sent = new Set<string>();

/** Rows of an embedded task. @throws Error in words when they cannot be read */
export async function readRows(wish: RowsWish): Promise<Rows> {
  const { task } = wish;
  worker ??= start();
  const packed = sent.has(task.name)
    ? undefined
    : {
        train: await (await ask(task.files.train.path)).arrayBuffer(),
        evaluation: await (await ask(task.files.evaluation.path)).arrayBuffer(),
      };
  sent.add(task.name);
  const call = ++calls;
  const answer = await new Promise<RowsAnswer>(resolve => {
    waiting.set(call, resolve);
    worker!.postMessage({ ...wish, call, ...(packed && { packed }) } satisfies RowsRequest);
  });
  if ('failure' in answer) throw new Error(answer.failure);
  return answer;
}

function start(): Worker {
  const started = new Worker(new URL('./rows-worker.ts', import.meta.url), { type: 'module' });
  started.onmessage = ({ data }: MessageEvent<RowsAnswer>) => {
    waiting.get(data.call)?.(data);
    waiting.delete(data.call);
  };
  return started;
}
