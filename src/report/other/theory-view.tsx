import type { VNode } from 'preact';
import * as z from 'zod';
import { type LineChart, splitPanels } from '../chart/line-chart.tsx';
import { shortNumber } from '../chart/numbers.ts';
import { DataTable, LineFigure } from '../page/parts.tsx';

const cell = z.union([z.number(), z.string()]).nullable();

const number = z.number().nullable();
const series = z.object({
  name: z.string(),
  points: z.array(z.object({ x: z.number(), y: number, low: number.optional(), high: number.optional() })),
  dashed: z.boolean().optional(),
  tone: z.enum(['baseline', 'plain']).optional(),
});

/** A chart as a chapter stores it; charts know more, which no chapter uses. */
const lineChart: z.ZodType<LineChart> = z.object({
  title: z.string(),
  note: z.string().optional(),
  x: z.string(),
  y: z.string(),
  panels: z.array(
    z.object({
      name: z.string().optional(),
      y: z.string().optional(),
      series: z.array(series),
      baseline: z.object({ value: z.number(), name: z.string() }).optional(),
    }),
  ),
  scaleX: z.enum(['linear', 'log']).optional(),
  scaleY: z.enum(['linear', 'log', 'symmetric-log']).optional(),
  threshold: z.number().optional(),
  sharedY: z.boolean().optional(),
  marks: z.enum(['line', 'dots']).optional(),
  ordered: z.boolean().optional(),
});

/** The finished chapters of a theory folder. */
export const theoryResult = z.object({
  chapters: z.array(
    z.object({
      chapter: z.union([z.string(), z.number()]),
      title: z.string(),
      checks: z.array(z.object({ claim: z.string(), error: z.number(), tolerance: z.number(), passed: z.boolean() })),
      findings: z.array(z.object({ what: z.string(), value: z.number().nullable(), why: z.string().optional() })),
      figure: lineChart.nullish(),
      tables: z.array(z.object({ title: z.string(), columns: z.array(z.string()), rows: z.array(z.array(cell)) })),
    }),
  ),
});

type Chapter = z.infer<typeof theoryResult>['chapters'][number];

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

function ChapterView({
  chapter: { chapter, title, checks, findings, tables, figure },
}: {
  readonly chapter: Chapter;
}): VNode {
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
      {figure && (
        <>
          <p>{figure.title}</p>
          <div class="figures">
            {splitPanels(figure).map(chart => (
              <LineFigure chart={chart} />
            ))}
          </div>
        </>
      )}
      {tables.map(table => (
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
      ))}
    </section>
  );
}
