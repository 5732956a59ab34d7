import { relative } from 'node:path';
import { formatPlural } from '../../report/format/number.ts';
import type { ResultTable, TableRun } from '../../run/paper/table.ts';

/** Notes below a table: which demonstrations are the paper's, which choices are not, sources of the figures. */
export function notesOf({ preset, runs, sources }: ResultTable): readonly string[] {
  if (preset === null) return [];
  return [
    demonstrationsNote(runs),
    departuresNote(runs),
    ...(runs.some(({ task }) => task === 'agnews')
      ? [
          'The paper prints 7,600 evaluation rows for AG News; its code evaluates 2,000 of them, and its figures are compared with those here.',
        ]
      : []),
    `Paper: ${sources!.paper}.`,
    ...(preset.size === '1.3B' ? [`Reproduction: ${sources!.reproduction}.`] : []),
  ];
}

/** On which tasks the data allow the paper's demonstrations, whatever the seed. */
export function demonstrationsNote(runs: readonly Pick<TableRun, 'task' | 'trainingRows'>[]): string {
  const of = (asPublished: boolean | null) =>
    runs.filter(({ trainingRows }) => trainingRows?.asPublished === asPublished);
  const [can, cannot, own] = [of(true), of(false), of(null)].map(group =>
    group.map(({ task, trainingRows }) => (trainingRows?.why ? `${task} (${trainingRows.why})` : task)),
  ) as [string[], string[], string[]];
  const parts = [
    ...(cannot.length > 0 ? [`cannot be repeated on ${joined(cannot)}`] : []),
    ...(can.length > 0 ? [`can be repeated on ${joined(can)}`] : []),
    ...(own.length > 0 ? [`are repeated on ${joined(own)} if its rows are in the published order`] : []),
  ];
  return `The paper's demonstrations ${parts.join('; they ')}.`;
}

function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function departuresNote(runs: readonly TableRun[]): string {
  const found = grouped(
    runs.flatMap(({ task, departures = [] }) =>
      departures.map(({ choice, here, paper }) => [`${choice} ${here} for ${paper}`, task] as const),
    ),
  );
  const parts = found.map(([what, tasks]) => (tasks.length === runs.length ? what : `${what} (${tasks.join(', ')})`));
  return `Choices that differ from the paper's: ${parts.join('; ')}.`;
}

/** A line for each run. */
export function runsNote(runs: readonly TableRun[]): readonly string[] {
  return runs.map(({ task, shots, seed, learningRate, examples, folder }) => {
    const rate = learningRate === null ? '' : `, learning rate ${learningRate}`;
    const place = relative('.', folder) || folder;
    return `${task}: ${formatPlural(shots, 'demonstration')}, seed ${seed}${rate}, ${formatPlural(examples, 'row')}, in ${place}`;
  });
}

/** Values by key, in the order in which the keys first occur. */
export function grouped(pairs: readonly (readonly [key: string, value: string])[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return [...groups];
}
