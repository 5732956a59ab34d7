/** @file Picks rows of the embedded tasks as `run` chooses and orders them, away from the page. */
import type { LabelledText } from '../../../../src/explore/live/request.ts';
import { evaluationOrder } from '../../../../src/task/evaluation-order.ts';
import { permutation } from '../../../../src/task/permutation.ts';
import { parseTemplate } from '../../../../src/task/template.ts';
import type { RowsAnswer, RowsRequest } from './rows.ts';

interface Stored {
  /** Lines of JSON. */
  readonly train: readonly string[];
  readonly evaluation: readonly string[];
}

const tasks = new Map<string, Promise<Stored>>();

self.onmessage = async ({ data }: MessageEvent<RowsRequest>) => {
  const { call, task, packed, seed, shots, query } = data;
  try {
    if (packed !== undefined) tasks.set(task.name, unpack(data));
    const { train, evaluation } = await tasks.get(task.name)!;
    const { fields, render } = parseTemplate(task.template, `task ${task.name}`);
    const read = (line: string): LabelledText => {
      const object = JSON.parse(line) as Record<string, string> & { label: number };
      return { text: render(Object.fromEntries(fields.map(field => [field, object[field]!]))), label: object.label };
    };
    const chosen = permutation(seed, train.length)
      .slice(0, 2 * shots)
      .map(i => read(train[i]!));
    const answer: RowsAnswer = {
      call,
      demonstrations: chosen.slice(0, shots),
      others: chosen.slice(shots),
      query: read(evaluation[query % evaluation.length]!).text,
    };
    postMessage(answer);
  } catch (error) {
    postMessage({ call, failure: (error as Error).message } satisfies RowsAnswer);
  }
};

async function unpack({ task, packed }: RowsRequest): Promise<Stored> {
  const { train, evaluation } = task.files;
  const lines = await linesOf(packed!.evaluation, evaluation.rows);
  const rows = lines.map((line, id) => ({ id, line, fields: {}, label: 0 }));
  return {
    train: await linesOf(packed!.train, train.rows),
    evaluation: task.shuffled ? lines : evaluationOrder(rows).map(({ id }) => lines[id]!),
  };
}

async function linesOf(packed: ArrayBuffer, rows: number): Promise<readonly string[]> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(stream).text()).split('\n', rows);
}
