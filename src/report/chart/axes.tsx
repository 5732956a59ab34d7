import type { VNode } from 'preact';
import { place } from './chart-svg.tsx';
import type { Scale } from './scale.ts';

/** The inner rectangle of a panel. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface AxisProps {
  readonly area: Area;
  readonly scale: Scale;
  readonly label: string;
}

/** Axis below the panel, with its label. */
export function BottomAxis({ area, scale, label }: AxisProps): VNode {
  const { left, right, bottom } = area;
  return (
    <g>
      <line class="axis" x1={left} x2={right} y1={bottom} y2={bottom} />
      {scale.ticks.map(({ value, label: text }) => {
        const x = place(scale.at(value));
        return (
          <>
            <line class="axis" x1={x} x2={x} y1={bottom} y2={bottom + 4} />
            <text class="tick" x={x} y={bottom + 17} text-anchor="middle">
              {text}
            </text>
          </>
        );
      })}
      <text class="soft" x={place((left + right) / 2)} y={bottom + 35} text-anchor="middle">
        {label}
      </text>
    </g>
  );
}

/** Grid and numbers at the left; the label is above the axis, where it needs no turning. */
export function LeftAxis({ area, scale, label }: AxisProps): VNode {
  const { left, right, top } = area;
  return (
    <g>
      {scale.ticks.map(({ value, label: text }) => {
        const y = place(scale.at(value));
        return (
          <>
            <line class="grid" x1={left} x2={right} y1={y} y2={y} />
            <text class="tick" x={left - 6} y={y + 4} text-anchor="end">
              {text}
            </text>
          </>
        );
      })}
      <text class="soft" x={8} y={top - 9}>
        {label}
      </text>
    </g>
  );
}
