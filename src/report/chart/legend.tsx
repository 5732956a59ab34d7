import type { VNode } from 'preact';
import { place, widthOf } from './chart-svg.tsx';

export interface LegendEntry {
  readonly name: string;
  /** The class of its colour. */
  readonly tone: string;
  readonly dashed?: boolean | undefined;
}

const ROW = 18;
const MARK = 24;
const GAP = 14;

/** Entries from left to right, wrapped to the width. */
function rowsOf(entries: readonly LegendEntry[], width: number) {
  const rows: (LegendEntry & { readonly x: number })[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const needed = MARK + widthOf(entry.name);
    if (x + needed > width - 8) {
      rows.push([]);
      x = 8;
    }
    rows.at(-1)!.push({ ...entry, x });
    x += needed + GAP;
  }
  return rows;
}

export function legendHeight(entries: readonly LegendEntry[], width: number): number {
  return rowsOf(entries, width).length * ROW;
}

export function Legend({
  entries,
  width,
  top,
}: {
  readonly entries: readonly LegendEntry[];
  readonly width: number;
  readonly top: number;
}): VNode {
  return (
    <g>
      {rowsOf(entries, width).map((row, i) => {
        const y = place(top + i * ROW + 9);
        return row.map(({ name, tone, dashed, x }) => (
          <g class={tone}>
            <line class={`line${dashed ? ' dashed' : ''}`} x1={place(x)} x2={place(x + MARK - 6)} y1={y} y2={y} />
            <text x={place(x + MARK)} y={y + 4}>
              {name}
            </text>
          </g>
        ));
      })}
    </g>
  );
}
