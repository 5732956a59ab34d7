import type { TrainingEstimate } from '../../train/estimate.ts';
import { formatBytes, formatClock, formatCount, formatFlops, formatPlural } from '../format/number.ts';
import { formatTable } from '../table/view.ts';

/** What a training run would take. */
export function formatTrainingEstimate({
  plan,
  parameters,
  stages,
  total,
  memoryBytes,
  secondsOfBatch,
}: TrainingEstimate): string {
  return [
    `${formatCount(parameters)} parameters, ${formatCount(plan.steps)} steps on ${plan.corpus.name}: nothing was computed`,
    '',
    formatTable(
      ['stage', 'tokens', 'work', 'time'],
      Object.entries({ ...stages, 'in all': total }).map(([name, { tokens, flops, seconds }]) => [
        name,
        ...(tokens === 0 ? ['', ''] : [formatCount(tokens), formatFlops(flops)]),
        seconds === null ? '' : formatLong(seconds),
      ]),
      { align: ['left', 'right', 'right', 'right'] },
    ),
    '',
    ...(secondsOfBatch === null || memoryBytes === null
      ? []
      : [
          `Memory up to ${formatBytes(memoryBytes)}; time as this machine just took ${secondsOfBatch.toPrecision(2)} s for ${formatPlural(plan.batch, 'sequence')}.`,
        ]),
  ].join('\n');
}

function formatLong(seconds: number): string {
  const days = seconds / 86_400;
  return days < 2 ? formatClock(seconds) : days < 730 ? `${Math.round(days)} days` : `${Math.round(days / 365)} years`;
}
