/** @file The tables of a task of a study, after the verdicts, in the order in which they are printed. */

import { formatPercent } from '../../report/format/number.ts';
import type { EvidenceEstimate, LadderRow, TaskEvidence } from '../../study/evidence/fold/result.ts';
import { type EvidenceTable, reasonsOf, shownEstimate, shownNumber } from './numbers.ts';

/** All tables of a task but for the gates and verdicts. */
export function taskTables(task: TaskEvidence): readonly EvidenceTable[] {
  return [ladderTable(task), sharedTable(task), partitionTable(task), behaviourTable(task), paperTable(task)];
}

type Named = readonly (readonly [string, EvidenceEstimate])[];

/** From a random step to the same demonstrations. */
const RUNGS: Readonly<Record<string, string>> = {
  random: 'random step',
  task: 'another task',
  tokens: 'shuffled tokens',
  labels: 'shuffled labels',
  order: 'another order',
  other: 'other demonstrations',
  batch: 'one batch step',
  'layer-causal': 'layer-causal steps',
  nudged: 'rate a millionth higher',
  same: 'same demonstrations',
  unmatched: 'at the unmatched rate',
};

const ORDER = Object.keys(RUNGS);

function rungOf({ model, inContext, finetuned }: LadderRow): string {
  if (model === 'untrained')
    return `untrained model${finetuned === 'same' ? '' : `, ${RUNGS[finetuned] ?? finetuned}`}`;
  if (inContext === 'tokens') return 'shuffled tokens in context, same finetuned';
  return RUNGS[finetuned] ?? finetuned.replace('rate-', 'rate times ');
}

function placeOf({ model, inContext, finetuned }: LadderRow): number {
  if (model === 'untrained') return 2 * ORDER.length;
  if (inContext === 'tokens') return ORDER.indexOf('tokens') + 0.5;
  const place = ORDER.indexOf(finetuned);
  return place < 0 ? ORDER.length : place;
}

/** S of in-context learning with every finetuned arm, then the ceilings. */
export function ladderTable({
  name,
  ladder,
  ceiling,
  permutedRows,
  centred,
  behaviour: { shift },
}: TaskEvidence): EvidenceTable {
  const rows = [...ladder].sort((a, b) => placeOf(a) - placeOf(b));
  const explained = ({ model, inContext, finetuned }: LadderRow): string => {
    if (inContext !== 'same') return '';
    const found = shift[model === 'untrained' ? `untrained-${finetuned}` : finetuned];
    return found === undefined ? '' : shownEstimate(found);
  };
  const own: Named = [
    ['same, rows permuted', permutedRows],
    ['same, centred over rows', centred],
    ['finetuned: other demonstrations', ceiling.finetunedOther],
    ['finetuned: another order', ceiling.finetunedOrder],
    ['finetuned: 4 times the rate', ceiling.rate4],
    ['finetuned: rate a millionth higher', ceiling.numerical],
    ['in context: other demonstrations', ceiling.inContextOther],
    ['in context: another order', ceiling.inContextOrder],
  ];
  return {
    title: `${name}: S of in-context learning with finetuning, then of each with itself`,
    head: ['', 'S', 'same less this', 'size', 'explained shift E'],
    rows: [
      ...rows.map(row => [
        rungOf(row),
        shownEstimate(row.S),
        row.less === null ? '' : shownEstimate(row.less),
        shownNumber(row.size, 2),
        explained(row),
      ]),
      ...own.map(([label, S]) => [label, shownEstimate(S), '', '', '']),
    ],
    notes: reasonsOf([...rows.map(row => [rungOf(row), row.S] as const), ...own]),
  };
}

/** What moves both alike. */
export function sharedTable({ name, shared, ceiling }: TaskEvidence): EvidenceTable {
  const named: Named = [
    ['which demonstrations', shared.demonstrations],
    ['tokens', shared.tokens],
    ['labels', shared.labels],
    ['order', shared.order],
    ['task', shared.task],
    ['query', shared.query],
    ['in context with itself in another order', ceiling.relI],
    ['finetuned with itself in another order', ceiling.relF],
    ['share of what both reproduce of themselves', ceiling.share],
  ];
  const { effectiveDimension } = shared.demonstrations;
  return {
    ...estimates(`${name}: shared variation R`, named),
    notes: [
      ...(effectiveDimension === null
        ? []
        : [`Effective dimension of the demonstrations: ${shownNumber(effectiveDimension, 1)}.`]),
      ...reasonsOf(named),
    ],
  };
}

/** What the similarity consists of, and what explains the in-context updates. */
export function partitionTable({ name, partition, explained }: TaskEvidence): EvidenceTable {
  const { total, ofInContext, ofFinetuning } = partition;
  const parts = ['generic', 'demonstration', 'query', 'interaction'] as const;
  const share = (x: number | null | undefined) => (x === null || x === undefined ? '' : formatPercent(x));
  return {
    title: `${name}: parts of the pooled cosine, and shares of the in-context update that are explained`,
    head: ['', 'value', 'of in-context updates', 'of finetuning updates'],
    rows: [
      ...parts.map((part, i) => [part, shownEstimate(partition[part]), share(ofInContext[i]), share(ofFinetuning[i])]),
      ['all', shownEstimate(total), '', ''],
      ['explained by a constant vector', shownEstimate(explained.constant), '', ''],
      ['explained by finetuning', shownEstimate(explained.finetuning), '', ''],
      ['difference', shownEstimate(explained.difference), '', ''],
    ],
    notes: reasonsOf([...parts.map(part => [part, partition[part]] as const), ['explained', explained.constant]]),
  };
}

/** What the answers have in common. */
export function behaviourTable({ name, behaviour }: TaskEvidence): EvidenceTable {
  const { accuracy, shift, rec2ftp, kappa, orderSensitivity } = behaviour;
  const { numerator, denominator, expected } = rec2ftp;
  const percent = (x: number) => (denominator === 0 ? 'none' : `${shownNumber((100 * x) / denominator, 1)} %`);
  const named: Named = [
    ['Rec2FTP beyond chance: kappa_R', rec2ftp.kappa],
    ['odds ratio (Mantel-Haenszel)', rec2ftp.oddsRatio],
    ['explained shift E', shift.same ?? rec2ftp.kappa],
    ["Cohen's kappa of the answers", kappa],
    ['order sensitivity in context', orderSensitivity.inContext],
    ['order sensitivity finetuned', orderSensitivity.finetuned],
    ['finetuned over in context', orderSensitivity.ratio],
  ];
  return {
    title: `${name}: behaviour`,
    head: ['', 'value'],
    rows: [
      ...(['zero-shot', 'in-context', 'finetuned'] as const).map(setting => [
        `accuracy ${setting}, percent`,
        shownEstimate(accuracy[setting], 100),
      ]),
      [`Rec2FTP, ${numerator} of ${denominator}`, percent(numerator)],
      ['by chance', percent(expected)],
      ...named.map(([label, estimate]) => [label, shownEstimate(estimate)]),
    ],
    notes: reasonsOf(named),
  };
}

/** The contrasts of Dai et al. with intervals over seeds and rows. */
export function paperTable({ name, paperClaims: { simAM, kendall, simAOU } }: TaskEvidence): EvidenceTable {
  return estimates(`${name}: the paper's own numbers`, [
    ['SimAOU', simAOU.finetuned],
    ['  random direction', simAOU.uniform],
    ['  difference to it', simAOU.difference],
    ['SimAM after finetuning', simAM.after],
    ['  before', simAM.before],
    ['  difference to it', simAM.difference],
    ['Kendall after finetuning', kendall.after],
    ['  before', kendall.before],
    ['  difference to it', kendall.difference],
    ['  permuted rows', kendall.permutedRows],
  ]);
}

/** Over the learning rate and the number of demonstrations, where the study has them; by layer. */
export function curveTables({
  name,
  curves: { rate, rateAtSize1, shots, layers },
}: TaskEvidence): readonly EvidenceTable[] {
  const tables: EvidenceTable[] = [];
  if (rate.length > 0) {
    const { same, other } = rateAtSize1;
    tables.push({
      title: `${name}: by learning rate`,
      head: ['times the rate', 'size', 'same demonstrations', 'other demonstrations', 'explained shift E'],
      rows: [
        ...rate.map(point => [
          String(point.multiple),
          shownNumber(point.size, 2),
          shownEstimate(point.same),
          shownEstimate(point.other),
          shownEstimate(point.shift),
        ]),
        ['at size 1', '1', shownEstimate(same), shownEstimate(other), ''],
      ],
      notes: reasonsOf([['at size 1', same]]),
    });
  }
  if (shots.length > 0) {
    tables.push({
      title: `${name}: by number of demonstrations`,
      head: ['demonstrations', 'S', 'explained shift E'],
      rows: shots.map(point => [String(point.shots), shownEstimate(point.S), shownEstimate(point.shift)]),
    });
  }
  tables.push({
    title: `${name}: by layer`,
    head: ['layer', 'S', 'R demonstrations', 'R labels', 'R order', 'R query'],
    rows: layers.map(({ layer, S, demonstrations, labels, order, query }) => [
      String(layer),
      ...[S, demonstrations, labels, order, query].map(estimate => shownEstimate(estimate)),
    ]),
  });
  return tables;
}

function estimates(title: string, named: Named): EvidenceTable {
  return {
    title,
    head: ['', 'value'],
    rows: named.map(([label, estimate]) => [label, shownEstimate(estimate)]),
    notes: reasonsOf(named.map(([label, estimate]) => [label.trim(), estimate])),
  };
}
