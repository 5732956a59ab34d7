import type { VNode } from 'preact';
import { render } from 'preact-render-to-string';
import { FILE_STYLE } from './style.ts';

/** A chart as the text of an SVG file, light or dark as the reader's system is. */
export function svgFile(chart: VNode): string {
  const text = render(chart);
  const start = text.indexOf('>') + 1;
  const root = text.slice(0, start).replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  return `${root}<style>${FILE_STYLE}</style><rect width="100%" height="100%" fill="var(--paper)"/>${text.slice(start)}\n`;
}
