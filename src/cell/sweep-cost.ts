import type { Hooks } from '../hooks.ts';
import { groupAlike, inGroups } from './alike.ts';
import type { CellCost } from './kind.ts';
import type { Sweep } from './sweep-plan.ts';

/** What a sweep takes. */
export interface SweepCost {
  readonly schema: 'dualform.sweep-estimate/1';
  readonly cells: number;
  /** One cell after the other; null where it is not known. */
  readonly seconds: number | null;
  /** Of the longest cell; null where it is not known. */
  readonly longestSeconds: number | null;
  /** Of the largest cell; null where it is not known. */
  readonly memoryBytes: number | null;
  readonly diskBytes: number | null;
}

/** Estimates cells; those that differ only in what costs nothing are estimated once. */
export async function sweepCost(
  sweep: Sweep,
  { measure, onProgress, ...hooks }: Hooks & { readonly measure: boolean },
): Promise<SweepCost> {
  const { kind } = sweep;
  const alike = groupAlike(
    inGroups(sweep.cells, ({ options }) => kind.groupOf(options)),
    kind,
  );
  const computer = kind.open();
  try {
    const costs: { readonly cost: CellCost; readonly count: number }[] = [];
    for (const group of alike) {
      hooks.signal?.throwIfAborted();
      onProgress?.({ stage: 'estimate', done: costs.length, total: alike.length, unit: 'cells' });
      costs.push({ cost: await computer.cost(group[0]!.options, hooks, measure), count: group.length });
    }
    const all = (field: keyof CellCost, fold: (values: readonly (readonly [number, number])[]) => number) => {
      const known = costs.flatMap(({ cost, count }) => (cost[field] === null ? [] : [[cost[field], count] as const]));
      return known.length < costs.length ? null : fold(known);
    };
    const sum = (values: readonly (readonly [number, number])[]) => values.reduce((s, [x, n]) => s + x * n, 0);
    const most = (values: readonly (readonly [number, number])[]) => Math.max(...values.map(([x]) => x));
    return {
      schema: 'dualform.sweep-estimate/1',
      cells: sweep.cells.length,
      seconds: all('seconds', sum),
      longestSeconds: all('seconds', most),
      memoryBytes: all('memoryBytes', most),
      diskBytes: all('diskBytes', sum),
    };
  } finally {
    await computer.close();
  }
}
