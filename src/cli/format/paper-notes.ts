import { relative } from 'node:path';
import type { ResultTable, TableRun } from '../../run/paper/table.ts';
import { formatPlural } from './number.ts';

/** What who reads a table must know: which demonstrations are the paper's, which choices are not, what the figures come from. */
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

/** Where the data stand in the way, whatever the seed. */
export function demonstrationsNote(runs: readonly Pick<TableRun, 'task' | 'trainingRows'>[]): string {
  const of = (asPublished: boolean | null) =>
    runs.filter(({ trainingRows }) => trainingRows?.asPublished === asPublished);
  const [can, cannot, own] = [of(true), of(false), of(null)].map(group =>
    group.map(({ task, trainingRows }) => (trainingRows?.why ? `${task} (${trainingRows.why})` : task)),
  ) as [string[], string[], string[]];
  const parts = [
    ...(cannot.length > 0 ? [`cannot be repeated on ${joined(cannot)}`] : []),
    ...(can.length > 0 ? [`can be repeated on ${joined(can)}`] : []),
    ...(own.length > 0 ? [`are repeated on ${joined(own)} where they stand in the published order`] : []),
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
  return `Chosen otherwise than in the paper: ${parts.join('; ')}.`;
}

/** What was run, for people. */
export function runsNote(runs: readonly TableRun[]): readonly string[] {
  return runs.map(({ task, shots, seed, learningRate, examples, folder }) => {
    const rate = learningRate === null ? '' : `, learning rate ${learningRate}`;
    const place = relative('.', folder) || folder;
    return `${task}: ${formatPlural(shots, 'demonstration')}, seed ${seed}${rate}, ${formatPlural(examples, 'row')}, in ${place}`;
  });
}

/** Values under their keys, in the order of their first. */
export function grouped(pairs: readonly (readonly [key: string, value: string])[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return [...groups];
}
