import { canonicalJson } from '../files/canonical-json.ts';
import type { Cell } from './cell.ts';
import type { QueueKind } from './kind.ts';

/** Cells by their key; the groups in the order of their first cells. */
export function groupsOf(cells: readonly Cell[], keyOf: (cell: Cell) => string): readonly (readonly Cell[])[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = keyOf(cell);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return [...groups.values()];
}

/** Cells that differ only in options that cost nothing, as their seed. */
export function groupAlike(cells: readonly Cell[], { costless }: QueueKind): readonly (readonly Cell[])[] {
  return groupsOf(cells, ({ options }) => {
    const varied = Object.entries(options).filter(([name]) => !costless.includes(name));
    return canonicalJson(Object.fromEntries(varied));
  });
}

/** Cells of one group together. */
export function inGroups(cells: readonly Cell[], keyOf: (cell: Cell) => string): readonly Cell[] {
  return groupsOf(cells, keyOf).flat();
}
