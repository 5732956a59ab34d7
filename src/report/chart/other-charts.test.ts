import { expect, test } from 'vitest';
import { flowChart, heatMap, intervalChart } from '../charts.ts';
import { flowNumbers } from './flow-chart.tsx';
import { type HeatMap, heatNumbers } from './heat-map.tsx';
import { intervalNumbers } from './interval-chart.tsx';

const map: HeatMap = {
  title: 'A value of each head',
  x: 'head',
  y: 'layer',
  value: 'size',
  rows: Array.from({ length: 3 }, (_, j) => Array.from({ length: 4 }, (_, i) => (i === j ? null : i - j))),
};
const count = (svg: string, part: string | RegExp) => svg.split(part).length - 1;

test('a heat map has a cell for each value, a missing value none', () => {
  const svg = heatMap(map);
  expect(count(svg, 'data-tip=')).toBe(9);
  expect(svg).toContain('data-tip="layer 0, head 3: 3"');
  expect(heatNumbers(map).rows[0]).toEqual(['0', '–', ...[1, 2, 3].map(value => ({ shown: String(value), value }))]);
});

test('diverging colours are those of the paper at zero', () => {
  const svg = heatMap({ ...map, rows: [[0, 1, -3]], diverging: true });
  expect(svg).toMatch(/fill-opacity="0" data-tip="layer 0, head 0: 0"/);
  expect(svg).toMatch(/class="s0"><rect[^>]*fill-opacity="1" data-tip="layer 0, head 2: −3"/);
});

test('a heat map refuses what cannot be drawn', () => {
  expect(() => heatMap({ ...map, rows: [[null]] })).toThrow('nothing to draw');
  expect(() => heatMap({ ...map, rows: [[1], [Number.NaN]] })).toThrow('row 1, column 0 is NaN');
});

test('intervals, one below the other, with what is undefined', () => {
  const chart = {
    title: 'Accuracy',
    x: 'share',
    rows: [
      { name: 'zero-shot', value: 0.5, low: 0.4, high: 0.6 },
      { name: 'in-context', value: null, why: 'it diverged' },
    ],
    baselines: [{ value: 0.25, name: 'chance' }],
  };
  const svg = intervalChart(chart);
  expect(count(svg, 'class="whisker"')).toBe(1);
  expect(svg).toContain('>chance</text>');
  expect(svg).toContain('>undefined</text>');
  expect(intervalNumbers(chart).rows).toEqual([
    ['zero-shot', '0.5 (0.4 to 0.6)'],
    ['in-context', 'undefined: it diverged'],
    ['chance', '0.25'],
  ]);
  expect(() => intervalChart({ ...chart, rows: [] })).toThrow('nothing to draw');
});

test('groups with scales of their own: neither crushes the other', () => {
  const row = (group: string, name: string, value: number) => ({
    group,
    name,
    value,
    low: 0.9 * value,
    high: 1.1 * value,
  });
  const chart = {
    title: 'Similarity',
    x: 'cosine',
    separate: true,
    rows: [row('between', 'a', 0.01), row('between', 'b', 0.02), row('ceiling', 'c', 1)],
    baselines: [
      { value: 0, name: 'zero' },
      { value: 0.0002, name: 'shuffled', group: 'between' },
    ],
  };
  const places = (svg: string) => [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  const [a, b] = places(intervalChart(chart));
  const [c, d] = places(intervalChart({ ...chart, separate: false }));
  expect(b! - a!).toBeGreaterThan(20 * (d! - c!));
  expect(count(intervalChart(chart), '>zero</text>')).toBe(2);
  expect(count(intervalChart(chart), '>shuffled</text>')).toBe(1);
  // Names that would overlap are on two lines.
  const lines = [...intervalChart(chart).matchAll(/y="([\d.]+)" text-anchor="middle">(?:zero|shuffled)</g)];
  expect(new Set(lines.map(([, y]) => y)).size).toBe(3);
  expect(intervalNumbers(chart).rows[2]).toEqual(['ceiling: c', '1 (0.9 to 1.1)']);
});

test('flows are as wide as what they count', () => {
  const flow = (from: string, to: string, count: number) => ({ from, to, count, tone: 's0' });
  const chart = {
    title: 'Rows',
    unit: 'row',
    flows: [flow('wrong', 'right', 1), flow('right', 'kept', 3), flow('right', 'lost', 0)],
  };
  const svg = flowChart(chart);
  const [wrong, right, put, kept] = [...svg.matchAll(/<rect class="block"[^>]*height="([\d.]+)"/g)].map(([, each]) =>
    Number(each),
  );
  expect(right).toBe(3 * wrong!);
  expect(svg).toContain('>1 right</text>');
  expect(svg).not.toContain('lost');
  expect([put, kept]).toEqual([wrong, right]);
  expect(flowNumbers(chart).rows).toHaveLength(3);
  expect(() => flowChart({ ...chart, flows: [] })).toThrow('nothing to draw');
});
