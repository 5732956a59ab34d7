import type { Judged, TuneResult } from '../experiment/tune.ts';
import { formatInterval, formatPercent } from './format-number.ts';
import { formatTable } from './format-table.ts';

/** The grid with its intervals, and the choice. */
export function formatTune({ model, task, seed, learningRate, shots, zeroShot, grid, rows }: TuneResult): string {
  const shown = ({ accuracy, interval, why }: Judged) =>
    accuracy === null ? ['undefined', why ?? ''] : [formatPercent(accuracy), interval ? formatInterval(interval) : ''];
  const lines = grid.map(point =>
    point.kind === 'seed'
      ? ['in-context', `seed ${point.seed}`, ...shown(point), point.seed === seed ? '<- chosen' : '']
      : [
          'finetuned',
          `learning rate ${point.learningRate}`,
          ...shown(point),
          point.learningRate === learningRate ? '<- chosen' : '',
        ],
  );
  return [
    `${task} with ${model}, ${shots} demonstrations, judged on ${rows.length} training rows apart from demonstrations and evaluation`,
    '',
    formatTable(
      ['setting', 'candidate', 'accuracy', '95 % interval', ''],
      [['zero-shot', '', ...shown(zeroShot), ''], ...lines],
      {
        align: ['left', 'left', 'right', 'right'],
      },
    ),
    '',
    `Chosen: --seed ${seed} --learning-rate ${learningRate}`,
  ].join('\n');
}
