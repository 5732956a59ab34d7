import { formatCount, formatFlops } from '../../report/format/number.ts';
import type { StoredChapter } from '../../study/dual-form/cell-kind.ts';
import type { TheoryEstimate } from '../../study/dual-form/estimate-theory.ts';
import type { TheoryResult } from '../../study/dual-form/run-theory.ts';
import { formatTable } from '../format/table.ts';

/** Checks, then findings, chapter by chapter. */
export function formatTheory({ chapters }: TheoryResult): string {
  const blocks = chapters.map(chapter => [
    `Chapter ${chapter.chapter}: ${chapter.title}`,
    '',
    checksOf(chapter),
    ...(chapter.findings.length === 0 ? [] : ['', findingsOf(chapter)]),
  ]);
  return blocks.map(lines => lines.join('\n')).join('\n\n');
}

function checksOf({ checks }: StoredChapter): string {
  return formatTable(
    ['check', 'largest error', 'tolerance', ''],
    checks.map(({ claim, error, tolerance, passed }) => [
      claim,
      formatError(error),
      formatError(tolerance),
      passed ? 'holds' : 'FAILS',
    ]),
    { align: ['left', 'right', 'right'], widths: [92, null, null, null] },
  );
}

function findingsOf({ findings }: StoredChapter): string {
  const table = formatTable(
    ['finding', 'value'],
    findings.map(({ what, value }) => [what, value === null ? 'undefined' : String(Number(value.toPrecision(4)))]),
    { align: ['left', 'right'], widths: [92, null] },
  );
  // Reasons are long: in the column they would make the table twice as wide.
  const reasons = findings.filter(({ value }) => value === null).map(({ what, why }) => `Undefined: ${what} (${why}).`);
  return [table, ...(reasons.length === 0 ? [] : ['', ...reasons])].join('\n');
}

/** 8.9e-16, and 0 as it is */
export function formatError(error: number): string {
  return error === 0 ? '0' : error.toExponential(1);
}

export function formatTheoryEstimate({ folder, chapters }: TheoryEstimate): string {
  const rows = chapters.map(({ chapter, title, finished, tokens, flops, trainingSteps }) => [
    chapter,
    title,
    finished ? 'finished' : '',
    tokens === 0 ? '' : formatCount(tokens),
    flops === 0 ? '' : formatFlops(flops),
    trainingSteps === 0 ? '' : formatCount(trainingSteps),
  ]);
  return [
    `In ${folder}; nothing was computed`,
    '',
    formatTable(['chapter', '', '', 'tokens', 'work of the model', 'training steps'], rows, {
      align: ['left', 'left', 'left', 'right', 'right', 'right'],
    }),
  ].join('\n');
}
