import type { ExperimentResult } from '../experiment/result.ts';
import type { Similarity } from '../metric/fold.ts';
import { settingNames } from '../setting/setting.ts';
import { wilson } from '../statistics/wilson.ts';
import { formatDecimal, formatInterval, formatPercent, formatPlural } from './format-number.ts';
import { formatTable } from './format-table.ts';

/** What a run found, for people: what was run, accuracies with their intervals, how alike the settings are. */
export function formatRun(result: ExperimentResult): string {
  return [heading(result), '', accuracies(result), '', similarities(result)].join('\n');
}

function heading({ model, task, finetuning }: ExperimentResult): string {
  const { shots, shotsAsked, seed, examples } = task;
  return [
    `${task.name} with ${model.name}`,
    `${formatPlural(shots, 'demonstration')}${shots < shotsAsked ? ` (of ${shotsAsked} asked for: the context ends)` : ''}, seed ${seed}`,
    ...(finetuning.learningRate === null ? [] : [`learning rate ${finetuning.learningRate}`]),
    formatPlural(examples, 'evaluation row'),
  ].join(', ');
}

function accuracies({ accuracy, task: { examples } }: ExperimentResult): string {
  const rows = settingNames
    .filter(name => accuracy[name] !== undefined)
    .map(name => {
      const share = accuracy[name]!;
      return [name, formatPercent(share), formatInterval(wilson(Math.round(share * examples), examples)!)];
    });
  return formatTable(['setting', 'accuracy', '95 % interval'], rows, { align: ['left', 'right', 'right'] });
}

function similarities({ rec2ftp, simAOU, simAM, kendall }: ExperimentResult): string {
  const counts = rec2ftp.denominator === null ? '' : `${rec2ftp.numerator} of ${rec2ftp.denominator} rows`;
  const recall = rec2ftp.value === null ? 'undefined' : formatPercent(rec2ftp.value / 100);
  const row = (name: string, similarity: Similarity, baseline = '', beside?: Similarity) => [
    name,
    shown(similarity),
    beside === undefined ? baseline : `${baseline} ${shown(beside)}`,
    similarity.n === 0 ? '' : formatPlural(similarity.n, 'row'),
  ];
  const rows = [
    ['Rec2FTP', recall, '', counts],
    row('SimAOU: updates of attention outputs', simAOU, 'random direction', simAOU.random),
    row('  without normalising the outputs', simAOU.unnormalised),
    row('SimAM: attention scores', simAM, 'zero-shot', simAM.zeroShot),
    row('  of their updates', simAM.delta),
    row('Kendall: attention to training tokens', kendall, 'random order', kendall.random),
  ];
  const measured = [rec2ftp, simAOU, simAOU.random, simAM, simAM.zeroShot, kendall].some(({ value }) => value !== null);
  const table = formatTable(['in-context against finetuned', 'value', 'baseline', 'from'], rows, {
    align: ['left', 'right'],
  });
  const why = undefinedOnes([
    ['Rec2FTP', rec2ftp],
    ['SimAOU', simAOU],
    ['SimAOU of a random direction', simAOU.random],
    ['SimAOU without normalising', simAOU.unnormalised],
    ['SimAM', simAM],
    ['SimAM of zero-shot', simAM.zeroShot],
    ['SimAM of the updates', simAM.delta],
    ['Kendall', kendall],
    ['Kendall of a random order', kendall.random],
  ]);
  return [...(measured ? [table] : []), ...(why === '' ? [] : [why])].join('\n\n');
}

/** Why values are undefined, those of one reason together. */
function undefinedOnes(
  values: readonly (readonly [name: string, { readonly value: number | null; readonly why?: string }])[],
): string {
  const names = new Map<string, string[]>();
  for (const [name, { value, why = '' }] of values) {
    if (value === null) names.set(why, [...(names.get(why) ?? []), name]);
  }
  return [...names].map(([why, group]) => `Undefined: ${group.join(', ')} (${why}).`).join('\n');
}

function shown({ value }: Similarity): string {
  return value === null ? 'undefined' : formatDecimal(value);
}
