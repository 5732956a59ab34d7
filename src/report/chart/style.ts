/**
 * @file The colours of charts, as CSS: `s0` to `s7` are distinct for colour-blind readers (Okabe and
 * Ito, darker on white and lighter on black), `o0` to `o7` are ordered, `b0` to `b2` are baselines.
 */

const DISTINCT = {
  light: ['#0067a5', '#c04e00', '#007a5a', '#a8477f', '#8a6100', '#2a7fb0', '#8c564b', '#5a5a5a'],
  dark: ['#63b3f0', '#ff9a57', '#3fd1a4', '#eb9fcb', '#f0c04a', '#9bd3ff', '#d3a195', '#b8b8b8'],
};
const ORDERED = {
  light: ['#440154', '#46327e', '#365c8d', '#277f8e', '#1a8f7d', '#2a9d5c', '#5f9a1f', '#8a8a00'],
  dark: ['#d6b3f0', '#b9aef5', '#9bbdf5', '#7fd0e0', '#6fe0c8', '#7fe39a', '#b6e36a', '#f2e34c'],
};
const BASELINES = {
  light: ['#6b6b6b', '#8a8a8a', '#9a9a9a'],
  dark: ['#b0b0b0', '#969696', '#868686'],
};

/** How many classes of distinct and of ordered colours there are, and of baselines. */
export const COLOURS = DISTINCT.light.length;
export const BASELINE_COLOURS = BASELINES.light.length;

const FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif';

function palette(theme: 'light' | 'dark', ink: string, soft: string, grid: string, paper: string): string {
  const named = (letter: string, colors: readonly string[]) => colors.map((color, i) => `--${letter}${i}:${color};`);
  return [
    `--ink:${ink};--soft:${soft};--grid:${grid};--paper:${paper};`,
    ...named('s', DISTINCT[theme]),
    ...named('o', ORDERED[theme]),
    ...named('b', BASELINES[theme]),
  ].join('');
}

const LIGHT = palette('light', '#1b1b1b', '#565656', '#dcdcdc', '#ffffff');
const DARK = palette('dark', '#ececec', '#b4b4b4', '#3d3d3d', '#16181c');

function classes(letter: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `.chart .${letter}${i}{--of:var(--${letter}${i})}`).join('');
}

const MARKS = [
  classes('s', COLOURS),
  classes('o', COLOURS),
  classes('b', BASELINE_COLOURS),
  '.chart .plain{--of:var(--ink)}',
  `.chart text{font:13px ${FONT};fill:var(--ink)}`,
  '.chart .heading{font-size:15px;font-weight:600}.chart .panel{font-weight:600}',
  '.chart .soft{fill:var(--soft)}.chart .tick{font-size:12px;fill:var(--soft)}',
  '.chart .grid{stroke:var(--grid)}.chart .axis{stroke:var(--soft)}',
  '.chart .line{fill:none;stroke:var(--of);stroke-width:2}.chart .dashed{stroke-dasharray:6 4}',
  '.chart .band{fill:var(--of);fill-opacity:.18}.chart .whisker{stroke:var(--of);stroke-width:1.6}',
  '.chart .dot{fill:var(--of)}.chart .base{stroke:var(--soft);stroke-dasharray:2 3}',
  '.chart .hit{fill:transparent}.chart .ribbon{fill:var(--of);fill-opacity:.45}.chart .block{fill:var(--of)}',
].join('');

/** For a page that shows charts, with `data-theme` light or dark where the reader chooses one. */
export const CHART_STYLE = [
  `:root{${LIGHT}}`,
  `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK}}}`,
  `:root[data-theme=dark]{${DARK}}`,
  // Paper is white.
  `@media print{:root,:root[data-theme]{${LIGHT}}}`,
  MARKS,
].join('');

/** For a file of its own. */
export const FILE_STYLE = `.chart{${LIGHT}}@media (prefers-color-scheme:dark){.chart{${DARK}}}${MARKS}`;
