import type { Judged, TuneResult } from '../experiment/tune.ts';
import { formatInterval, formatPercent } from './format-number.ts';
import { formatTable } from './format-table.ts';

/** The grid with its intervals, and the choice. */
export function formatTune(result: TuneResult): string {
  const { model, task, seed, learningRate, shots, zeroShot, grid, rows } = result;
  const shown = ({ accuracy, interval, why }: Judged) =>
    accuracy === null ? ['undefined', why ?? ''] : [formatPercent(accuracy), interval ? formatInterval(interval) : ''];
  const lines = grid.map(point =>
    point.kind === 'seed'
      ? ['in-context', `seed ${point.seed}`, ...shown(point), '', point.seed === seed ? '<- chosen' : '']
      : [
          'finetuned',
          `learning rate ${point.learningRate}`,
          ...shown(point),
          point.moved === null ? '' : formatPercent(point.moved),
          point.learningRate === learningRate ? '<- chosen' : '',
        ],
  );
  return [
    `${task} with ${model}, ${shots} demonstrations, judged on ${rows.length} training rows apart from demonstrations and evaluation`,
    '',
    formatTable(
      ['setting', 'candidate', 'accuracy', '95 % interval', 'moved', ''],
      [['zero-shot', '', ...shown(zeroShot), '', ''], ...lines],
      {
        align: ['left', 'left', 'right', 'right', 'right'],
      },
    ),
    '',
    'Moved: rows that are answered otherwise when the learning rate is higher by a millionth.',
    `Chosen: --seed ${seed} --learning-rate ${learningRate}`,
    ...unsteady(result),
  ].join('\n');
}

/** A warning where the chosen rate is none that can be repeated elsewhere. */
function unsteady({ grid, learningRate, steadyLearningRate }: TuneResult): readonly string[] {
  if (steadyLearningRate === learningRate) return [];
  const of = (rate: number) => grid.find(point => point.kind === 'learning-rate' && point.learningRate === rate)!;
  const instead =
    steadyLearningRate === null
      ? 'no rate of the grid is steady'
      : `the best steady rate is ${steadyLearningRate} (${formatPercent(of(steadyLearningRate).accuracy!)})`;
  return [`Steps at this rate enlarge rounding: on another machine its accuracy may differ; ${instead}.`];
}
