import { describe, expect, test } from 'vitest';
import { lineChart } from '../charts.ts';
import { type LineChart, lineNumbers, splitPanels } from './line-chart.tsx';

const curve = (scale: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ x: (60 / count) * (i + 1), y: 2 + scale / (i + 1) }));

const losses: LineChart = {
  title: 'Loss of a run',
  x: 'step',
  y: 'loss',
  panels: [
    {
      baseline: { value: 2, name: 'loss at chance' },
      series: [
        { name: 'training', points: curve(5, 60) },
        {
          name: 'validation',
          points: curve(6, 6).map(point => ({ ...point, low: point.y - 0.3, high: point.y + 0.2 })),
          dashed: true,
        },
      ],
    },
  ],
};

const count = (svg: string, part: string) => svg.split(part).length - 1;

test('has a title, a legend, the name of its baseline, and bars of intervals', () => {
  const svg = lineChart(losses);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="chart" role="img"/);
  expect(svg).toContain('<title>Loss of a run</title>');
  for (const text of ['training', 'validation', 'loss at chance', 'step']) expect(svg).toContain(`>${text}</text>`);
  expect(count(svg, 'class="whisker"')).toBe(6);
  // Dots of the validation alone: 60 would hide the line, and are there for the pointer.
  expect(count(svg, 'class="dot"')).toBe(6);
  expect(count(svg, 'class="hit"')).toBe(60);
});

test('bars of several lines are drawn side by side; those of dots alone stay at their x', () => {
  const series = ['A', 'B', 'C'].map(name => ({
    name,
    points: [
      { x: 1, y: 2, low: 1, high: 3 },
      { x: 2, y: 3, low: 2, high: 4 },
    ],
  }));
  const places = (chart: LineChart) =>
    [...lineChart(chart).matchAll(/class="whisker" x1="([\d.]+)"/g)].map(([, x]) => Number(x));
  const line = places({ ...losses, panels: [{ series }] });
  expect(new Set(line).size).toBe(6);
  expect(line[2]! - line[0]!).toBe(line[4]! - line[2]!);
  expect(new Set(places({ ...losses, marks: 'dots', panels: [{ series }] })).size).toBe(2);
});

test('many points have a band, in pieces of colour for light and dark', () => {
  const points = curve(5, 30).map(point => ({ ...point, low: point.y - 0.1, high: point.y + 0.1 }));
  const svg = lineChart({ ...losses, panels: [{ series: [{ name: 'training', points }] }] });
  expect(count(svg, 'class="band"')).toBe(1);
  expect(svg).toContain('prefers-color-scheme:dark');
});

test('each panel has its own legend and scale', () => {
  const panel = (name: string, baseline: string, scale: number) => ({
    name,
    series: [
      { name: 'measured', points: curve(scale, 5) },
      { name: baseline, tone: 'baseline' as const, points: curve(0, 5) },
    ],
  });
  const svg = lineChart({ ...losses, panels: [panel('A', 'random', 1), panel('B', 'zero-shot', 900)] });
  for (const text of ['A', 'B', 'random', 'zero-shot']) expect(count(svg, `>${text}</text>`)).toBe(1);
  expect(svg).toMatch(/>800<\/text>/);
  expect(svg).toMatch(/>2\.8<\/text>/);
});

test('panels side by side keep their names, axes and baselines', () => {
  const [first] = losses.panels;
  const chart = {
    ...losses,
    panels: [
      { ...first!, name: 'A', y: 'perplexity' },
      { ...first!, name: 'B' },
    ],
  };
  const split = splitPanels(chart, 'sst2: ');
  expect(split.map(({ title, y }) => [title, y])).toEqual([
    ['sst2: A', 'perplexity'],
    ['sst2: B', 'loss'],
  ]);
  expect(lineChart(chart)).toContain('>perplexity</text>');
  expect(split[0]!.panels).toEqual([{ ...first, name: undefined, y: undefined }]);
  expect(splitPanels(losses)).toEqual([losses]);
});

test('what is measured is drawn over its baseline', () => {
  const points = curve(1, 3);
  const series = [
    { name: 'measured', points },
    { name: 'random', points, tone: 'baseline' as const },
  ];
  const svg = lineChart({ ...losses, panels: [{ series }] });
  const marks = svg.slice(svg.indexOf('class="axis"'));
  expect(marks.indexOf('class="b0"')).toBeLessThan(marks.indexOf('class="s0"'));
});

test('a symmetric-log axis keeps a small gain apart from zero beside a large loss', () => {
  const series = [{ name: 'a', points: [1, 2, 3].map((x, i) => ({ x, y: [0, -8, 90][i]! })) }];
  const heights = (scaleY: 'linear' | 'symmetric-log') => {
    const svg = lineChart({ ...losses, scaleY, threshold: 2, panels: [{ series }] });
    return [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  };
  const share = ([zero, gain, loss]: readonly number[]) => (gain! - zero!) / (gain! - loss!);
  expect(share(heights('symmetric-log'))).toBeGreaterThan(2 * share(heights('linear')));
});

test('a clipped panel cuts off what lies outside', () => {
  const svg = lineChart({ ...losses, panels: [{ ...losses.panels[0]!, clip: [2, 3] }] });
  expect(svg).toMatch(/<svg x="54" y="[\d.]+" width="[\d.]+" height="150" viewBox=/);
});

test('a gap, and a line that is a point', () => {
  const points = [
    { x: 1, y: 1 },
    { x: 2, y: null },
    { x: 3, y: 0.0005 },
  ];
  const svg = lineChart({ ...losses, panels: [{ series: [{ name: 'one', points }] }] });
  expect(count(svg, '<circle')).toBe(2);
  expect(svg).toMatch(/d="M[\d.,]+M[\d.,]+"/);
});

test('the same chart gives the same text; coordinates are rounded', () => {
  expect(lineChart(losses)).toBe(lineChart(losses));
  expect(lineChart(losses)).not.toMatch(/[="][\d.]*\.\d{3}/);
});

test('text is text', () => {
  const svg = lineChart({ ...losses, title: 'a < b & "c" </title><script>' });
  expect(svg).toContain('a &lt; b &amp; &quot;c&quot; &lt;/title>');
  expect(svg).not.toContain('<script');
});

test('its numbers as a table', () => {
  expect(
    lineNumbers({
      ...losses,
      panels: [
        {
          series: [
            { name: 'a', points: [{ x: 2, y: -0.5, low: -1, high: 0 }] },
            { name: 'b', points: [{ x: 1, y: null }] },
          ],
        },
      ],
    }),
  ).toEqual({
    head: ['step', 'a', 'b'],
    rows: [
      ['1', '–', '–'],
      ['2', '−0.5 (−1 to 0)', '–'],
    ],
  });
});

describe('refusals', () => {
  const of = (y: number | null, x = 1): LineChart => ({
    ...losses,
    panels: [{ series: [{ name: 'n', points: [{ x, y }] }] }],
  });
  test.each([
    ['no number at all', of(null), 'there is nothing to draw'],
    ['no panel', { ...losses, panels: [] }, 'there is nothing to draw'],
    ['NaN', of(Number.NaN), 'y is NaN at x = 1'],
    ['infinite x', of(1, Number.POSITIVE_INFINITY), 'x is Infinity'],
    ['zero on a logarithmic axis', { ...of(0), scaleY: 'log' as const }, 'y is 0 on a logarithmic axis'],
  ])('%s', (_, chart, message) => {
    expect(() => lineChart(chart)).toThrow(message);
  });
});
