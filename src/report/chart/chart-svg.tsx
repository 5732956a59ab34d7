import type { ComponentChildren, VNode } from 'preact';

/** Options of all charts. */
export interface Frame {
  /** What it shows; its accessible name too. */
  readonly title: string;
  /** A line below the title: how an axis is to be read. */
  readonly note?: string | undefined;
  /** In pixels (default: 400, which a phone shows at readable size). */
  readonly width?: number | undefined;
}

export const WIDTH = 400;
const LETTER = 7.2;
const NOTE_LINE = 17;
/** How much wider a letter of a heading is. */
const HEADING = 1.28;

/** About what a text takes at 13 px. */
export function widthOf(text: string): number {
  return text.length * LETTER;
}

/** Wraps a text into lines that fit a width. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || widthOf(`${last} ${word}`) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** The height of title and note. */
export function headerHeight({ title, note, width = WIDTH }: Frame): number {
  return (
    wrap(title, width / HEADING - 12).length * 20 + wrap(note ?? '', width - 12).filter(Boolean).length * NOTE_LINE + 10
  );
}

/** The root of a chart with its title and note. */
export function ChartSvg({
  frame,
  height,
  children,
}: {
  readonly frame: Frame;
  readonly height: number;
  readonly children: ComponentChildren;
}): VNode {
  const { title, note, width = WIDTH } = frame;
  const headings = wrap(title, width / HEADING - 12);
  const notes = wrap(note ?? '', width - 12).filter(Boolean);
  return (
    <svg class="chart" role="img" viewBox={`0 0 ${width} ${place(height)}`} width={width} height={place(height)}>
      <title>{title}</title>
      {headings.map((line, i) => (
        <text class="heading" x={8} y={18 + 20 * i}>
          {line}
        </text>
      ))}
      {notes.map((line, i) => (
        <text class="soft" x={8} y={headings.length * 20 + 14 + NOTE_LINE * i}>
          {line}
        </text>
      ))}
      {children}
    </svg>
  );
}

/** Rounds a coordinate to a hundredth of a pixel. */
export function place(coordinate: number): number {
  return Math.round(coordinate * 100) / 100 || 0;
}
