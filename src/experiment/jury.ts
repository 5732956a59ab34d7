import type { LoadedModel } from '../model/loaded-model.ts';
import { observe } from '../observe/observe.ts';
import type { Setting } from '../setting/setting.ts';
import { batches } from '../task/batches.ts';
import type { Sequences } from '../task/sequence.ts';
import { predict, type Scoring } from './scoring.ts';

/** Answers every query with a label id; only label log-probabilities are read. The next batch is on its way while one is answered. */
export function makeJury(queries: Sequences['queries'], scoring: Scoring, size: number) {
  const rowsOf = queries.map(({ tokens }) => scoring.rows(tokens));
  const order = batches(
    rowsOf.map(([first]) => first!),
    { size },
  );
  return async (
    model: LoadedModel,
    setting: Setting,
    doing: string,
    report: (done: number) => void,
  ): Promise<readonly number[]> => {
    const start = (batch: number) => {
      if (batch >= order.length) return undefined;
      const rows = order[batch]!.flatMap(index => rowsOf[index]!);
      const observing = observe(model, setting, rows, { labels: scoring.labels, doing });
      observing.catch(() => undefined);
      return observing;
    };
    const answers: number[] = [];
    let done = 0;
    let next = start(0);
    for (let batch = 0; next !== undefined; batch++) {
      const { queries: observed } = await next;
      next = start(batch + 1);
      let at = 0;
      for (const index of order[batch]!) {
        const count = rowsOf[index]!.length;
        const readings = observed.slice(at, at + count).map(row => row.logProbabilities);
        answers[index] = predict(scoring.scores(readings));
        at += count;
      }
      done += order[batch]!.length;
      report(done);
    }
    return answers;
  };
}
