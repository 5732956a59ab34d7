import type { VNode } from 'preact';
import * as z from 'zod';
import type { LineChart } from '../chart/line-chart.tsx';
import { shortNumber } from '../chart/numbers.ts';
import { DataTable, LineFigure } from '../page/parts.tsx';

const cell = z.union([z.number(), z.string()]).nullable();

/** The finished chapters of a theory folder. */
export const theoryResult = z.object({
  chapters: z.array(
    z.object({
      chapter: z.union([z.string(), z.number()]),
      title: z.string(),
      checks: z.array(z.object({ claim: z.string(), error: z.number(), tolerance: z.number(), passed: z.boolean() })),
      findings: z.array(z.object({ what: z.string(), value: z.number().nullable(), why: z.string().optional() })),
      tables: z.array(z.object({ title: z.string(), columns: z.array(z.string()), rows: z.array(z.array(cell)) })),
    }),
  ),
});

type Chapter = z.infer<typeof theoryResult>['chapters'][number];
type Table = Chapter['tables'][number];

export function TheoryView({ result: { chapters } }: { readonly result: z.infer<typeof theoryResult> }): VNode {
  const failed = chapters.flatMap(({ checks }) => checks.filter(({ passed }) => !passed));
  const checks = chapters.reduce((sum, chapter) => sum + chapter.checks.length, 0);
  return (
    <>
      <p class="findings">
        {failed.length === 0
          ? `All ${checks} checks hold.`
          : `${failed.length} of ${checks} checks fail: ${failed[0]!.claim}.`}
      </p>
      {chapters.map(chapter => (
        <ChapterView chapter={chapter} />
      ))}
    </>
  );
}

function ChapterView({ chapter: { chapter, title, checks, findings, tables } }: { readonly chapter: Chapter }): VNode {
  return (
    <section aria-label={`chapter ${chapter}`}>
      <h3>
        {chapter}: {title}
      </h3>
      <DataTable
        caption={`Chapter ${chapter}: checks`}
        columns={[
          { name: 'check' },
          { name: 'largest error', number: true },
          { name: 'tolerance', number: true },
          { name: 'holds' },
        ]}
        rows={checks.map(({ claim, error, tolerance, passed }) => ({
          cells: [
            { shown: claim },
            { shown: error.toExponential(1), value: error },
            { shown: tolerance.toExponential(1), value: tolerance },
            { shown: <span class={passed ? 'yes' : 'no'}>{passed ? 'holds' : 'FAILS'}</span> },
          ],
        }))}
      />
      {findings.length > 0 && (
        <DataTable
          caption={`Chapter ${chapter}: findings`}
          columns={[{ name: 'finding' }, { name: 'value', number: true }]}
          rows={findings.map(({ what, value, why }) => ({
            cells: [{ shown: what }, { shown: value === null ? `undefined: ${why ?? ''}` : shortNumber(value), value }],
          }))}
        />
      )}
      {tables.map(table => {
        const chart = chartOf(table);
        return (
          <>
            {chart && <LineFigure chart={chart} />}
            <DataTable
              caption={table.title}
              columns={table.columns.map((name, i) => ({ name, number: i > 0 }))}
              rows={table.rows.map(row => ({
                cells: row.map(value => ({
                  shown: typeof value === 'number' ? shortNumber(value) : (value ?? '–'),
                  value,
                })),
              }))}
            />
          </>
        );
      })}
    </section>
  );
}

/** The columns of numbers over an ascending first column, as the layers; undefined for other tables. */
function chartOf({ title, columns, rows }: Table): LineChart | undefined {
  const xs = rows.map(([first]) => first);
  if (rows.length < 3 || !xs.every((x, i) => typeof x === 'number' && (i === 0 || x > (xs[i - 1] as number))))
    return undefined;
  const series = columns.slice(1).flatMap((name, i) => {
    const points = rows.map(row => ({ x: row[0] as number, y: row[i + 1] ?? null }));
    const numbers = points.every((point): point is { x: number; y: number | null } => typeof point.y !== 'string');
    return numbers && points.some(({ y }) => y !== null) ? [{ name, points }] : [];
  });
  return series.length === 0 ? undefined : { title, x: columns[0]!, y: 'value', panels: [{ series }] };
}
