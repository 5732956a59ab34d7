import type { ComparedFigure, PaperComparison } from '../../run/paper/comparison.ts';
import { PAPER_FIGURES } from '../../run/paper/paper.ts';
import { FIGURE_TITLES, formatCell, formatDifference } from '../format/figure.ts';
import { formatTable } from '../table/view.ts';
import { demonstrationsNote } from './paper-notes.ts';

/** A run beside the paper's figures. */
export function formatPaper({ preset, figures, task, trainingRows, departures }: PaperComparison): string {
  const reproduced = figures.some(({ reproduction }) => reproduction !== undefined);
  const head = [
    'beside the paper',
    'measured',
    'paper',
    'difference',
    ...(reproduced ? ['reproduction', 'difference'] : []),
  ];
  const rows = figures.map(figure => [FIGURE_TITLES[figure.name], ...cells(figure, reproduced)]);
  const choices = departures.map(({ choice, here, paper }) => `${choice} ${here} for ${paper}`);
  return [
    `${formatTable(head, rows, { align: ['left', 'right', 'right', 'right', 'right', 'right'] })}`,
    '',
    demonstrationsNote([{ task, trainingRows }]),
    `The paper's model: ${preset.model}. Chosen otherwise than in the paper: ${choices.join('; ')}.`,
  ].join('\n');
}

function cells({ name, measured, paper, difference, reproduction }: ComparedFigure, reproduced: boolean): string[] {
  const figure = PAPER_FIGURES.find(each => each.name === name)!;
  const beside = reproduction
    ? [formatCell(figure, reproduction.value), formatDifference(figure, reproduction.difference)]
    : ['', ''];
  return [
    formatCell(figure, measured),
    formatCell(figure, paper),
    formatDifference(figure, difference),
    ...(reproduced ? beside : []),
  ];
}
