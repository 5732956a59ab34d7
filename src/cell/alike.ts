import { canonicalJson } from '../files/canonical-json.ts';
import type { Cell } from './cell.ts';
import type { QueueKind } from './kind.ts';

/** Cells that differ only in options that cost nothing, as their seed; the groups in the order of the cells. */
export function groupAlike(cells: readonly Cell[], { costless }: QueueKind): readonly (readonly Cell[])[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const varied = Object.entries(cell.options).filter(([name]) => !costless.includes(name));
    const key = canonicalJson(Object.fromEntries(varied));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return [...groups.values()];
}
