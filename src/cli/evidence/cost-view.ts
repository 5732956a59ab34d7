import {
  formatBytes,
  formatClock,
  formatCount,
  formatDecimal,
  formatFlops,
  formatPlural,
} from '../../report/format/number.ts';
import type { StudyCost } from '../../study/evidence/cost.ts';
import { formatTable } from '../format/table.ts';

/** What a study would cost, and what it could show. */
export function formatCost(cost: StudyCost): string {
  const { plan, parts, otherSeconds, seconds, memoryBytes, diskBytes, untrainedBytes, detectable } = cost;
  const clock = (value: number | null) => (value === null ? '' : formatClock(value));
  const sum = (of: 'arms' | 'tokens' | 'flops') => parts.reduce((total, part) => total + part[of], 0);
  const untrained = untrainedBytes === 0 ? '' : `, and ${formatBytes(untrainedBytes)} while an untrained model is used`;
  return [
    `${formatPlural(sum('arms'), 'arm')}, ${formatCount(plan.hypotheses.length)} hypotheses: nothing was computed`,
    '',
    formatTable(
      ['task', 'part', 'arms', 'tokens', 'work', 'time'],
      [
        ...parts.map(part => [
          part.task,
          part.part,
          formatCount(part.arms),
          formatCount(part.tokens),
          formatFlops(part.flops),
          clock(part.seconds),
        ]),
        ['', 'loading, matching, folding', '', '', '', clock(otherSeconds)],
        ['', 'in all', formatCount(sum('arms')), formatCount(sum('tokens')), formatFlops(sum('flops')), clock(seconds)],
      ],
      { align: ['left', 'left', 'right', 'right', 'right', 'right'] },
    ),
    '',
    'Smallest true effects that are found in 80 % of studies, before adjusting for several hypotheses:',
    formatTable(
      ['task', 'S', 'R', 'smallest p of H1', 'planned by'],
      detectable.map(({ task, similarity, sharedVariation, smallestP, effectiveDimension, piloted }) => [
        task,
        formatDecimal(similarity),
        formatDecimal(sharedVariation),
        String(Number(smallestP.toPrecision(2))),
        `${piloted ? 'the pilot' : 'assumed variances'}, effective dimension ${formatDecimal(effectiveDimension, 1)}`,
      ]),
      { align: ['left', 'right', 'right', 'right', 'left'] },
    ),
    ...(detectable.some(({ smallestP }) => smallestP > 0.05)
      ? ['H1 can show nothing with so few seeds: its smallest p is above 0.05.']
      : []),
    '',
    `Memory: up to ${formatBytes(memoryBytes)}, weights included. Disk: ${formatBytes(diskBytes)}${untrained}.`,
  ].join('\n');
}
