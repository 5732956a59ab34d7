import type { FigureName, PaperFigure } from '../../run/paper/paper.ts';
import { formatDecimal } from './number.ts';

/** Of the paper's tables. */
export const TABLE_TITLES: Readonly<Record<PaperFigure['table'], string>> = {
  1: 'accuracy in %',
  2: 'Rec2FTP in %: of what finetuning puts right, in-context does too',
  3: 'SimAOU: updates of attention outputs',
  4: 'SimAM: attention scores',
  5: 'Kendall: attention to training tokens',
};

/** Of their rows. */
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

/** A number of a result with the digits that the paper prints; shares in percent. */
export function formatCell({ table, digits }: Pick<PaperFigure, 'table' | 'digits'>, value: number | null): string {
  return value === null ? 'undefined' : formatDecimal(table === 1 ? 100 * value : value, digits);
}

/** With its sign. */
export function formatDifference(figure: Pick<PaperFigure, 'table' | 'digits'>, value: number | null): string {
  if (value === null) return '';
  const text = formatCell(figure, value);
  return Number(text) > 0 ? `+${text}` : text;
}
