import type { Estimate } from '../../run/estimate/estimate.ts';
import { formatBytes, formatClock, formatCount, formatFlops, formatPlural } from '../format/number.ts';
import { formatTable } from '../table/view.ts';
import { formatRowsTaken } from './view.ts';

/** What a run would take, stage by stage. */
export function formatEstimate({ plan, stages, total, memoryBytes, streamed, diskBytes, speed }: Estimate): string {
  const row = (name: string, { tokens, flops, seconds }: Estimate['total']) => [
    name,
    formatCount(tokens),
    formatFlops(flops),
    seconds === null ? '' : formatClock(seconds),
  ];
  const { task, model, shots, seed, examples } = plan;
  return [
    `${task.name} with ${model.name}, ${formatPlural(shots, 'demonstration')}, seed ${seed}, ${formatPlural(examples, 'evaluation row')}: nothing was computed`,
    '',
    formatTable(
      ['stage', 'tokens', 'work', 'time'],
      [
        ...Object.entries(stages).flatMap(([name, work]) => (work.tokens === 0 ? [] : [row(name, work)])),
        row('in all', total),
      ],
      { align: ['left', 'right', 'right', 'right'] },
    ),
    '',
    formatRowsTaken({ examples, ...task }),
    `Memory up to ${formatBytes(memoryBytes)}, weights among it; ${formatBytes(diskBytes)} on disk.`,
    ...(streamed ? ['That is all that this machine has: every pass reads weights from disk again.'] : []),
    ...(speed === null
      ? []
      : [
          `Time as this machine just did ${speed.gigaflops.toFixed(0)} GFLOP/s and read ${speed.gigabytes.toFixed(0)} GB/s.`,
        ]),
  ].join('\n');
}
