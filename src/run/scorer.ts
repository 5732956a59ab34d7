import type { LoadedModel } from '../model/loaded-model.ts';
import { observe } from '../observe/observe.ts';
import type { Setting } from '../setting/setting.ts';
import { batches } from '../task/batches.ts';
import type { Sequences } from '../task/sequence.ts';
import { predict, type Scoring } from './scoring.ts';

/** The answers of a setting, query by query. */
export interface Answers {
  /** Label ids. */
  readonly labels: readonly number[];
  /** [L, D] attention output of each query at the tap; empty unless `attentionOutputs` is set. */
  readonly attentionOutputs: readonly Float32Array[];
}

export interface ScoreOptions {
  /** For progress and error messages. */
  readonly doing: string;
  readonly attentionOutputs?: boolean;
  /** Receives the number of answered queries after each batch. */
  readonly onProgress?: (done: number) => void;
}

export type Scorer = (model: LoadedModel, setting: Setting, options: ScoreOptions) => Promise<Answers>;

/**
 * Makes a function that answers every query with a label id. The next batch is computed while one
 * is read.
 */
export function makeScorer(queries: Sequences['queries'], scoring: Scoring, size: number): Scorer {
  const rowsOf = queries.map(({ tokens }) => scoring.rows(tokens));
  const order = batches(
    rowsOf.map(([first]) => first!),
    { size },
  );
  return async (model, setting, { doing, attentionOutputs = false, onProgress }) => {
    const start = (batch: number) => {
      if (batch >= order.length) return undefined;
      const rows = order[batch]!.flatMap(index => rowsOf[index]!);
      const observing = observe(model, setting, rows, {
        labels: scoring.labels,
        taps: { attentionOutput: attentionOutputs },
        doing,
      });
      observing.catch(() => undefined);
      return observing;
    };
    const labels: number[] = [];
    const outputs: Float32Array[] = [];
    let done = 0;
    let next = start(0);
    for (let batch = 0; next !== undefined; batch++) {
      const { queries: observed } = await next;
      next = start(batch + 1);
      let at = 0;
      for (const index of order[batch]!) {
        const rows = observed.slice(at, at + rowsOf[index]!.length);
        labels[index] = predict(scoring.scores(rows.map(row => row.logProbabilities)));
        if (attentionOutputs) outputs[index] = rows[0]!.attentionOutput!;
        at += rows.length;
      }
      done += order[batch]!.length;
      onProgress?.(done);
    }
    return { labels, attentionOutputs: outputs };
  };
}
