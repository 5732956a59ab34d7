import { expect, test } from 'vitest';
import { type HeatMap, heatMap } from './heat-map.ts';

const rows = Array.from({ length: 3 }, (_, j) => Array.from({ length: 4 }, (_, i) => (i === j ? null : i - j)));
const map: HeatMap = {
  title: 'A value of each head',
  x: 'head',
  y: 'layer',
  value: 'size',
  width: 320,
  height: 240,
  rows,
};

test('light to dark, a missing value stays white', async () => {
  const svg = heatMap(map);
  expect(svg.match(/aria-label="cell"[\s\S]*?<\/g>/)![0].match(/<rect /g)).toHaveLength(9);
  await expect(svg).toMatchFileSnapshot('../../test/fixtures/charts/heat-map.svg');
});

test('diverging colours are white at zero', () => {
  const cell = (svg: string) => /aria-label="cell"[^>]*>\s*<rect [^>]*fill="([^"]+)"/.exec(svg)![1];
  const middle = cell(heatMap({ ...map, rows: [[0, 1, -3]], diverging: true }));
  expect(middle).toBe('rgb(242, 239, 238)');
});

test('refuses what cannot be drawn', () => {
  expect(() => heatMap({ ...map, rows: [[null]] })).toThrow('nothing to draw');
  expect(() => heatMap({ ...map, rows: [[1], [Number.NaN]] })).toThrow('row 1, column 0 is NaN');
});
