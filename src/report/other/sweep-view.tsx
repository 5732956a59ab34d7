import type { VNode } from 'preact';
import * as z from 'zod';
import { shortNumber } from '../chart/numbers.ts';
import { formatPlural } from '../format/number.ts';
import { DataTable } from '../page/parts.tsx';
import { runResult } from '../run/run-result.ts';
import { RunFigures } from './runs-view.tsx';

type Cells = z.infer<typeof sweepResult>['cells'];
type Run = z.infer<typeof runResult>;

export const sweepResult = z.object({
  plan: z.looseObject({ command: z.string(), base: z.unknown(), grid: z.unknown() }),
  cells: z.array(
    z.object({
      cell: z.string(),
      options: z.record(z.string(), z.unknown()),
      status: z.enum(['done', 'failed']),
      why: z.string().optional(),
      result: z.unknown(),
    }),
  ),
});

/** Numbers of a cell at most; all are in the data. */
const COLUMNS_AT_MOST = 24;

/** The figures of cells that are runs; with more cells, the table alone. */
const CHARTS_AT_MOST = 24;

/** Every finished cell with the options that vary and the first numbers that do. */
export function SweepView({ result: { plan, cells } }: { readonly result: z.infer<typeof sweepResult> }): VNode {
  const failed = cells.filter(({ status }) => status === 'failed').length;
  const options = [...new Set(cells.flatMap(cell => Object.keys(cell.options)))].filter(
    name => new Set(cells.map(cell => JSON.stringify(cell.options[name]))).size > 1,
  );
  const numbers = cells.map(({ result }) => new Map(numbersOf(result, '')));
  const paths = [...new Set(numbers.flatMap(each => [...each.keys()]))]
    .filter(path => cells.length === 1 || new Set(numbers.map(each => each.get(path))).size > 1)
    .slice(0, COLUMNS_AT_MOST);
  const runs = runsOf(plan.command, cells, options);
  return (
    <>
      <p class="findings">
        {formatPlural(cells.length, 'cell')} of {plan.command} {cells.length === 1 ? 'is' : 'are'} there
        {failed > 0 ? `, ${failed} of them failed` : ''}.
      </p>
      {runs && <RunFigures runs={runs} />}
      <DataTable
        caption="Cells: the options that vary, and the numbers that do"
        searchable
        columns={[
          ...options.map(name => ({ name, number: cells.every(cell => typeof cell.options[name] !== 'string') })),
          { name: 'status' },
          ...paths.map(name => ({ name, number: true })),
        ]}
        rows={cells.map((cell, i) => ({
          cells: [
            ...options.map(name => {
              const value = cell.options[name];
              return { shown: textOf(value), value: typeof value === 'number' ? value : undefined };
            }),
            { shown: cell.status === 'failed' ? `failed: ${cell.why ?? ''}` : cell.status },
            ...paths.map(path => {
              const value = numbers[i]!.get(path);
              return { shown: value === undefined ? '–' : shortNumber(value), value };
            }),
          ],
        }))}
      />
      <details>
        <summary>The plan</summary>
        <pre>{JSON.stringify(plan, null, 2)}</pre>
      </details>
    </>
  );
}

/** Runs by the options that vary; undefined where the cells are something else, or too many. */
function runsOf(command: string, cells: Cells, options: readonly string[]): Readonly<Record<string, Run>> | undefined {
  if (command !== 'run' || cells.length > CHARTS_AT_MOST) return undefined;
  const runs = cells.flatMap(cell => {
    const { data } = runResult.safeParse(cell.result);
    const name = options.map(option => `${option} ${textOf(cell.options[option])}`).join(', ');
    return data === undefined ? [] : [[name || cell.cell, data] as const];
  });
  return runs.length === 0 ? undefined : Object.fromEntries(runs);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
}

/** Of a result: what describes its choices, and the uncertainty beside each number. */
const SET_ASIDE = ['model', 'task', 'corpus', 'validation', 'uncertainty', 'finetuning', 'accuracyIntervals'];
const BESIDE = ['interval', 'n', 'skipped', 'strata'];

/** The numbers of the result proper by their path: not lists. */
function* numbersOf(value: unknown, path: string): Generator<[string, number]> {
  if (typeof value === 'number') yield [path, value];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [key, part] of Object.entries(value)) {
    if ((path === '' ? SET_ASIDE : BESIDE).includes(key)) continue;
    yield* numbersOf(part, path === '' ? key : `${path}.${key}`);
  }
}
