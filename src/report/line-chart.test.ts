import { describe, expect, test } from 'vitest';
import { type LineChart, lineChart } from './line-chart.ts';

const snapshot = (name: string) => `../../test/fixtures/charts/${name}.svg`;
const curve = (scale: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ x: (60 / count) * (i + 1), y: 2 + scale / (i + 1) }));

const losses: LineChart = {
  title: 'Loss of a run',
  x: 'step',
  y: 'loss',
  baseline: 2,
  series: [
    { name: 'training', points: curve(5, 60) },
    {
      name: 'validation',
      points: curve(6, 6).map(point => ({ ...point, low: point.y - 0.3, high: point.y + 0.2 })),
      dashed: true,
    },
  ],
};

const facets: LineChart = {
  x: 'context',
  y: 'perplexity',
  width: 640,
  height: 240,
  logX: true,
  logY: true,
  ordered: true,
  series: ['books', 'articles'].flatMap((facet, k) =>
    [0, 0.1, 0.9].map(eta => ({
      facet,
      name: `eta = ${eta}`,
      points: [16, 64, 256].map(x => ({ x, y: (eta + k + 1) / x })),
    })),
  ),
};

describe('lineChart', () => {
  test('lines, a band, a baseline, a legend', async () => {
    await expect(lineChart(losses)).toMatchFileSnapshot(snapshot('losses'));
  });

  test('facets with logarithmic axes and ordered colours', async () => {
    await expect(lineChart(facets)).toMatchFileSnapshot(snapshot('facets'));
  });

  test('only dots, with a gap', async () => {
    const points = [
      { x: 1, y: 1 },
      { x: 2, y: null },
      { x: 3, y: 0.0005 },
    ];
    const svg = lineChart({ x: 'a', y: 'b', marks: 'dots', series: [{ name: 'one', points }] });
    expect(svg.match(/<circle /g)).toHaveLength(2);
    await expect(svg).toMatchFileSnapshot(snapshot('dots'));
  });

  test('the same options give the same text, whatever was drawn before', () => {
    const first = lineChart(facets);
    lineChart(losses);
    expect(lineChart(facets)).toBe(first);
  });

  test('rounds coordinates, not labels', () => {
    const svg = lineChart({
      x: 'a',
      y: 'b',
      series: [{ name: 'small', points: [0.0005, 0.001, 0.0015].map(y => ({ x: y / 3, y })) }],
    });
    expect(svg).toContain('>0.0005<');
    expect(svg.match(/ d="[^"]*\.\d{3}/)).toBeNull();
  });

  test('escapes text', () => {
    const svg = lineChart({ ...losses, title: 'a < b & "c"' });
    expect(svg).toContain('a &lt; b &amp; "c"');
  });

  test('uses a given colour for line and legend', () => {
    const svg = lineChart({ ...losses, series: losses.series.map(each => ({ ...each, color: '#123456' })) });
    expect(svg.match(/stroke="#123456"/g)!.length).toBeGreaterThanOrEqual(4);
    expect(svg).not.toContain('#0072b2');
  });

  test('wraps a legend that is wider than the chart', () => {
    const named = (length: number) => ({ name: 'x'.repeat(length), points: curve(1, 3) });
    const places = [...lineChart({ x: '', y: '', series: [40, 41, 42].map(named) }).matchAll(/<text ([^>]*)>x+</g)];
    const rows = new Set(places.map(([, attributes]) => /\by="(\d+)"/.exec(attributes!)![1]));
    expect(rows.size).toBe(2);
  });

  const of = (y: number | null, x = 1): LineChart => ({ x: 'a', y: 'b', series: [{ name: 'n', points: [{ x, y }] }] });
  test.each([
    ['no number at all', of(null), 'nothing to draw'],
    ['no series', { ...of(1), series: [] }, 'nothing to draw'],
    ['NaN', of(Number.NaN), 'y is NaN at x = 1'],
    ['infinite x', of(1, Number.POSITIVE_INFINITY), 'x is Infinity'],
    ['zero on a logarithmic axis', { ...of(0), logY: true }, 'y is 0 on a logarithmic axis'],
  ])('refuses %s', (_, options, message) => {
    expect(() => lineChart(options)).toThrow(message);
  });
});
