import type { Hooks } from '../hooks.ts';
import { groupAlike, inGroups } from './alike.ts';
import type { CellCost } from './kind.ts';
import type { PartsCost } from './parts.ts';
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
  /** Of the parts of all cells, which processes and shards share; null where they share the cells. */
  readonly parts: PartsCost | null;
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
    /** Null where it is not known of every cell. */
    const fold = (of: (cost: CellCost) => number | null, by: (values: readonly Counted[]) => number) => {
      const known = costs.flatMap(({ cost, count }) => {
        const value = of(cost);
        return value === null ? [] : [{ value, count }];
      });
      return known.length < costs.length ? null : by(known);
    };
    return {
      schema: 'dualform.sweep-estimate/1',
      cells: sweep.cells.length,
      seconds: fold(({ seconds }) => seconds, sum),
      longestSeconds: fold(({ seconds }) => seconds, most),
      memoryBytes: fold(({ memoryBytes }) => memoryBytes, most),
      diskBytes: fold(({ diskBytes }) => diskBytes, sum),
      parts:
        kind.parts === undefined
          ? null
          : {
              count: fold(({ parts }) => parts!.count, sum)!,
              longestSeconds: fold(({ parts }) => parts!.longestSeconds, most),
              otherSeconds: fold(({ parts }) => parts!.otherSeconds, sum),
            },
    };
  } finally {
    await computer.close();
  }
}

/** A number that several cells have. */
interface Counted {
  readonly value: number;
  readonly count: number;
}

function sum(values: readonly Counted[]): number {
  return values.reduce((total, { value, count }) => total + value * count, 0);
}

function most(values: readonly Counted[]): number {
  return Math.max(...values.map(({ value }) => value));
}
