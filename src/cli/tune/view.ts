import { formatInterval, formatPercent } from '../../report/format/number.ts';
import type { GridPoint, TuneResult, Validated } from '../../run/tune/result.ts';
import { formatTable } from '../format/table.ts';

/** The grid with its intervals, and the choice. */
export function formatTune(result: TuneResult): string {
  const { model, task, seed, learningRate, shots, zeroShot, grid, rows } = result;
  const shown = ({ accuracy, interval, why }: Validated) =>
    accuracy === null ? ['undefined', why ?? ''] : [formatPercent(accuracy), interval ? formatInterval(interval) : ''];
  const lines = grid.map(point =>
    point.kind === 'seed'
      ? ['in-context', `seed ${point.seed}`, ...shown(point), '', '', point.seed === seed ? '<- chosen' : '']
      : [
          'finetuned',
          `learning rate ${point.learningRate}`,
          ...shown(point),
          ...steadinessCells(point),
          point.learningRate === learningRate ? '<- chosen' : (point.refused ?? ''),
        ],
  );
  return [
    `${task} with ${model}, ${shots} demonstrations, validated on ${rows.length} training rows apart from demonstrations and evaluation`,
    '',
    formatTable(
      ['setting', 'candidate', 'accuracy', '95 % interval', 'moved', 'cosine', ''],
      [['zero-shot', '', ...shown(zeroShot), '', '', ''], ...lines],
      { align: ['left', 'left', 'right', 'right', 'right', 'right', 'left'] },
    ),
    '',
    'Moved: rows whose answer changes when the learning rate is higher by a millionth. Cosine: the mean between the updates of attention outputs at both rates.',
    `Chosen: --seed ${seed} --learning-rate ${learningRate}`,
    ...explanation(result),
  ].join('\n');
}

function steadinessCells({ steady }: Extract<GridPoint, { kind: 'learning-rate' }>): readonly [string, string] {
  if (steady === null) return ['', ''];
  return [
    steady.moved === null ? '' : formatPercent(steady.moved),
    steady.cosine === null ? '' : steady.cosine.toFixed(4),
  ];
}

/** Why this rate was chosen, and what the other rule would choose. */
function explanation({ rule, learningRate, steady, why, mostAccurate, grid }: TuneResult): readonly string[] {
  const accuracyAt = (rate: number) =>
    formatPercent(grid.find(point => point.kind === 'learning-rate' && point.learningRate === rate)!.accuracy!);
  if (rule === 'steady') {
    const [low, high] = steady!.range;
    const range =
      `The rates ${low} to ${high} are steady; of those that no paired 95 % interval separates from the most accurate, ` +
      `${learningRate} is nearest the middle of this range.`;
    const other = `The rule "paper" takes the most accurate rate, ${mostAccurate} (${accuracyAt(mostAccurate)}).`;
    return mostAccurate === learningRate ? [range] : [range, other];
  }
  const chosen = grid.find(point => point.kind === 'learning-rate' && point.learningRate === learningRate);
  if (chosen?.kind !== 'learning-rate' || chosen.refused === undefined) return [];
  const instead =
    steady === null ? why! : `the rule "steady" takes ${steady.learningRate} (${accuracyAt(steady.learningRate)})`;
  return [
    `The steady rule refuses this rate: ${chosen.refused}. Its accuracy may differ on another machine; ${instead}.`,
  ];
}
