import type { VNode } from 'preact';
import * as z from 'zod';
import { shortNumber } from '../chart/numbers.ts';
import { formatPlural } from '../format/number.ts';
import { DataTable } from '../page/parts.tsx';

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

/** Every finished cell with the options that vary and the first numbers of its result. */
export function SweepView({ result: { plan, cells } }: { readonly result: z.infer<typeof sweepResult> }): VNode {
  const failed = cells.filter(({ status }) => status === 'failed').length;
  const options = [...new Set(cells.flatMap(cell => Object.keys(cell.options)))].filter(
    name => new Set(cells.map(cell => JSON.stringify(cell.options[name]))).size > 1,
  );
  const numbers = cells.map(({ result }) => new Map(numbersOf(result, '')));
  const paths = [...new Set(numbers.flatMap(each => [...each.keys()]))].slice(0, COLUMNS_AT_MOST);
  return (
    <>
      <p class="findings">
        {formatPlural(cells.length, 'cell')} of {plan.command} {cells.length === 1 ? 'is' : 'are'} there
        {failed > 0 ? `, ${failed} of them failed` : ''}.
      </p>
      <DataTable
        caption="Cells: the options that vary, and what came out"
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
              return { shown: typeof value === 'string' ? value : (JSON.stringify(value) ?? '–') };
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

/** The numbers of the result proper by their path: not those that describe model and task, nor lists. */
function* numbersOf(value: unknown, path: string): Generator<[string, number]> {
  if (typeof value === 'number') yield [path, value];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [key, part] of Object.entries(value)) {
    if (path === '' && ['model', 'task', 'corpus', 'validation', 'uncertainty'].includes(key)) continue;
    yield* numbersOf(part, path === '' ? key : `${path}.${key}`);
  }
}
