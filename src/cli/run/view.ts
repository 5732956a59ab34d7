import type { Similarity } from '../../metric/fold.ts';
import {
  formatBounds,
  formatBytes,
  formatClock,
  formatCount,
  formatDecimal,
  formatFlops,
  formatInterval,
  formatPercent,
  formatPlural,
} from '../../report/format/number.ts';
import type { Estimate } from '../../run/estimate/estimate.ts';
import type { ComparedFigure, PaperComparison } from '../../run/paper/comparison.ts';
import { PAPER_FIGURES } from '../../run/paper/paper.ts';
import type { ExperimentResult } from '../../run/result.ts';
import { settingNames } from '../../setting/setting-name.ts';
import type { Bounds } from '../../statistics/interval.ts';
import { FIGURE_TITLES, formatCell, formatDifference } from '../format/figure.ts';
import { demonstrationsNote } from '../format/paper-notes.ts';
import { formatTable } from '../format/table.ts';

/** The result of a run: what was run, accuracies with their intervals, similarities of the settings. */
export function formatRun(result: ExperimentResult): string {
  return [heading(result), '', accuracies(result), '', similarities(result)].join('\n');
}

function heading({ model, task, finetuning }: ExperimentResult): string {
  const { shots, shotsAsked, seed, examples } = task;
  return [
    `${task.name} with ${model.name}`,
    `${formatPlural(shots, 'demonstration')}${shots < shotsAsked ? ` (of ${shotsAsked}; more do not fit the context)` : ''}, seed ${seed}`,
    ...(finetuning.learningRate === null ? [] : [`learning rate ${finetuning.learningRate}`]),
    formatPlural(examples, 'evaluation row'),
  ].join(', ');
}

/** Which evaluation rows the run takes. */
export function formatRowsTaken({
  examples,
  evaluationRows,
  leaksExcluded,
}: Pick<ExperimentResult['task'], 'examples' | 'evaluationRows' | 'leaksExcluded'>): string {
  const taken =
    examples < evaluationRows
      ? `The first ${formatCount(examples)} of ${formatCount(evaluationRows)} evaluation rows are taken; --limit all takes all.`
      : `All ${formatPlural(evaluationRows, 'evaluation row')} are taken.`;
  if (leaksExcluded === 0) return taken;
  return `${taken} ${formatCount(leaksExcluded)} that ${leaksExcluded === 1 ? 'is a training row' : 'are training rows'} too ${leaksExcluded === 1 ? 'is' : 'are'} left out.`;
}

function accuracies({ accuracy, accuracyIntervals }: ExperimentResult): string {
  const rows = settingNames
    .filter(name => accuracy[name] !== undefined)
    .map(name => [name, formatPercent(accuracy[name]!), formatInterval(accuracyIntervals[name]!)]);
  return formatTable(['setting', 'accuracy', '95 % interval'], rows, { align: ['left', 'right', 'right'] });
}

function similarities({ rec2ftp, simAOU, simAM, kendall, uncertainty }: ExperimentResult): string {
  const rows = [
    ...recallRows(rec2ftp),
    row('SimAOU: updates of attention outputs', simAOU),
    row('  random direction', simAOU.random),
    row('  difference to it', simAOU.difference),
    row('  without normalising the outputs', simAOU.unnormalised),
    row('SimAM: attention scores', simAM),
    row('  zero-shot', simAM.zeroShot),
    row('  difference to it', simAM.difference),
    row('  of their updates', simAM.delta),
    row('Kendall: attention to training tokens', kendall),
    row('  random order', kendall.random),
    row('  difference to it', kendall.difference),
  ];
  const measured = [rec2ftp, simAOU, simAOU.random, simAM, simAM.zeroShot, kendall].some(({ value }) => value !== null);
  const table = formatTable(['in-context against finetuned', 'value', '95 % interval', 'from'], rows, {
    align: ['left', 'right', 'left', 'left'],
  });
  const why = undefinedOnes([
    ['Rec2FTP', rec2ftp],
    // Where it is undefined for another reason than Rec2FTP.
    ...(rec2ftp.kappa !== undefined && rec2ftp.value !== null ? [['kappa', rec2ftp.kappa] as const] : []),
    ['SimAOU', simAOU],
    ['SimAOU of a random direction', simAOU.random],
    ['SimAOU without normalising', simAOU.unnormalised],
    ['SimAM', simAM],
    ['SimAM of zero-shot', simAM.zeroShot],
    ['SimAM of the updates', simAM.delta],
    ['Kendall', kendall],
    ['Kendall of a random order', kendall.random],
  ]);
  const note = `Intervals are over ${uncertainty.over}.`;
  return [...(measured ? [`${table}\n${note}`] : []), ...(why === '' ? [] : [why])].join('\n\n');
}

function row(name: string, { value, interval, n }: Similarity): string[] {
  return [name, shown(value), bounds(interval), n === 0 ? '' : formatPlural(n, 'row')];
}

function recallRows({ value, interval, numerator, denominator, expected, chance, kappa }: ExperimentResult['rec2ftp']) {
  const percent = value === null ? 'undefined' : formatPercent(value / 100);
  const counts = denominator === null ? '' : `${numerator} of ${denominator} rows`;
  const recall = ['Rec2FTP', percent, interval.low === null ? '' : `${formatBounds(interval, 1)} %`, counts];
  if (kappa === undefined || expected === undefined || chance == null) return [recall];
  return [
    recall,
    ['  by chance', formatPercent(chance / 100), '', `${formatDecimal(expected, 1)} of ${denominator} rows`],
    ['  beyond chance: kappa', shown(kappa.value), bounds(kappa.interval), ''],
  ];
}

function bounds(interval: Bounds): string {
  return interval.low === null ? '' : formatBounds(interval);
}

/** Why values are undefined, a line for each reason. */
function undefinedOnes(
  values: readonly (readonly [name: string, { readonly value: number | null; readonly why?: string }])[],
): string {
  const names = new Map<string, string[]>();
  for (const [name, { value, why = '' }] of values) {
    if (value === null) names.set(why, [...(names.get(why) ?? []), name]);
  }
  return [...names].map(([why, group]) => `Undefined: ${group.join(', ')} (${why}).`).join('\n');
}

function shown(value: number | null): string {
  return value === null ? 'undefined' : formatDecimal(value);
}

/** The cost of a run, stage by stage. */
export function formatEstimate({
  plan,
  stages,
  total,
  memoryBytes,
  streamed,
  diskBytes,
  speed,
  unmeasured,
}: Estimate): string {
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
    `Memory: up to ${formatBytes(memoryBytes)}, weights included. Disk: ${formatBytes(diskBytes)}.`,
    ...(streamed ? ['The weights do not fit the memory of this machine, so every pass reads them from disk.'] : []),
    ...(speed === null
      ? []
      : [
          `Time: estimated from ${speed.gigaflops.toFixed(0)} GFLOP/s and ${speed.gigabytes.toFixed(0)} GB/s, just measured on ${speed.device === 'cpu' ? 'this machine' : speed.device}.`,
        ]),
    ...(unmeasured === null ? [] : [`Time: not estimated; ${unmeasured}.`]),
  ].join('\n');
}

/** The figures of a run next to those of the paper. */
export function formatPaper({ preset, figures, task, trainingRows, departures }: PaperComparison): string {
  const reproduced = figures.some(({ reproduction }) => reproduction !== undefined);
  const head = [
    'next to the paper',
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
    `The paper's model: ${preset.model}. Choices that differ from the paper's: ${choices.join('; ')}.`,
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
