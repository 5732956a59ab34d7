import { formatDecimal } from '../../report/format/number.ts';
import type { FigureName, PaperFigure } from '../../run/paper/paper.ts';

/** Titles of the paper's tables. */
export const TABLE_TITLES: Readonly<Record<PaperFigure['table'], string>> = {
  1: 'accuracy in %',
  2: 'Rec2FTP in %: of the rows that finetuning corrects, those that in-context gets right too',
  3: 'SimAOU: updates of attention outputs',
  4: 'SimAM: attention scores',
  5: 'Kendall: attention to training tokens',
};

/** Names of their rows. */
export const FIGURE_TITLES: Readonly<Record<FigureName, string>> = {
  'accuracy.zero-shot': 'zero-shot',
  'accuracy.finetuned': 'finetuned',
  'accuracy.in-context': 'in-context',
  rec2ftp: 'Rec2FTP',
  'simAOU.random': 'SimAOU, random direction',
  simAOU: 'SimAOU',
  'simAM.zeroShot': 'SimAM, before finetuning',
  simAM: 'SimAM, after finetuning',
  'kendall.random': 'Kendall, random order',
  kendall: 'Kendall',
};

/** A number with as many digits as the paper prints; shares in percent. */
export function formatCell({ table, digits }: Pick<PaperFigure, 'table' | 'digits'>, value: number | null): string {
  return value === null ? 'undefined' : formatDecimal(table === 1 ? 100 * value : value, digits);
}

/** A difference with its sign. */
export function formatDifference(figure: Pick<PaperFigure, 'table' | 'digits'>, value: number | null): string {
  if (value === null) return '';
  const text = formatCell(figure, value);
  return Number(text) > 0 ? `+${text}` : text;
}
