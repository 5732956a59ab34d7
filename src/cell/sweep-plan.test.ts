import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fakeKinds } from '../../test/cell/fake-kind.ts';
import type { Json } from '../files/canonical-json.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { cellKinds } from '../study/sweep/cell-kinds.ts';
import { nameOfCell } from './cell.ts';
import { readSweep, sweepJsonSchema } from './sweep-plan.ts';

const read = (json: Json) => readSweep('plan.json', json, fakeKinds);

test('cells are in the order of nested loops, without those that are excluded', () => {
  const { cells } = read({
    command: 'fake',
    base: { steps: 1 },
    grid: { group: ['a', 'b'], seed: [2, 1] },
    exclude: [{ group: 'b', seed: 2 }],
  });
  expect(cells.map(({ options }) => [options.group, options.seed, options.steps])).toEqual([
    ['a', 2, 1],
    ['a', 1, 1],
    ['b', 1, 1],
  ]);
  expect(new Set(cells.map(nameOfCell)).size).toBe(3);
});

test('the name of a cell does not depend on the order of its options', () => {
  const of = (options: { [key: string]: Json }) => nameOfCell({ kind: 'fake', options, schema: 'fake/1' });
  expect(of({ seed: 1, group: 'a' })).toBe(of({ group: 'a', seed: 1 }));
  expect(of({ seed: 1 })).not.toBe(of({ seed: 2 }));
  expect(of({ seed: 1, group: 'a' })).toMatch(/^[0-9a-f]{16}$/);
});

test('a plan without a grid is one cell', () => expect(read({ command: 'fake' }).cells).toHaveLength(1));

test('a plan of 100,000 cells is read in seconds', () => {
  const seed = [...Array(50_000).keys()];
  const started = performance.now();
  expect(read({ command: 'fake', grid: { group: ['a', 'b'], seed } }).cells).toHaveLength(100_000);
  expect(performance.now() - started).toBeLessThan(20_000);
});

describe('a wrong plan is refused', () => {
  test.each<[Json, string]>([
    [[], 'must be a JSON object'],
    [{ comand: 'fake' }, 'unknown key comand; did you mean command?'],
    [{ base: {} }, 'command is required: one of fake'],
    [{ command: 'fakes' }, 'command fakes: unknown name; did you mean fake?'],
    [{ command: 'fake', grid: { seed: [] } }, 'grid.seed must be a list with at least one value'],
    [{ command: 'fake', grid: { seed: 3 } }, 'grid.seed must be a list with at least one value'],
    [{ command: 'fake', grid: { seed: [1, 2, 1] } }, 'grid.seed has 1 twice'],
    [{ command: 'fake', base: { seed: 1 }, grid: { seed: [1] } }, 'seed is in base and in grid'],
    [{ command: 'fake', exclude: [{ seed: 1 }] }, 'exclude names seed, which is neither in base nor in grid'],
    [{ command: 'fake', grid: { seed: [1] }, exclude: [{ seed: 1 }] }, 'every cell is excluded'],
  ])('%j', (json, message) => {
    expect(() => read(json)).toThrow(message);
  });

  test('the cell and the key are named', () => {
    const plan = { command: 'fake', grid: { group: ['a'], seed: [1, -2] } };
    expect(() => read(plan)).toThrow(
      'plan.json: cell 2 of 2 (group a, seed -2): seed -2: must be a whole number, at least 0',
    );
    expect(() => read({ command: 'fake', base: { sed: 1 } })).toThrow('sed: unknown option; did you mean seed?');
  });
});

test('the package has the JSON Schema as a file', async () => {
  // After a change: npx vitest run src/cell/sweep-plan.test.ts --update
  await expect(prettyJson(sweepJsonSchema(cellKinds))).toMatchFileSnapshot('../../data/sweep-plan.schema.json');
  const exported = createRequire(import.meta.url).resolve('dualform/sweep-plan.schema.json');
  expect(exported).toBe(fileURLToPath(new URL('../../data/sweep-plan.schema.json', import.meta.url)));
});

test('editors find the schema by a key that is not part of the plan', () => {
  const { plan } = read({ $schema: 'node_modules/dualform/data/sweep-plan.schema.json', command: 'fake' });
  expect(plan).toEqual({ command: 'fake', base: {}, grid: {}, exclude: [] });
});

test('the JSON Schema has the options of each command, as values and as lists', () => {
  const { oneOf } = sweepJsonSchema(cellKinds) as { readonly oneOf: readonly { readonly properties: object }[] };
  expect(oneOf).toHaveLength(4);
  expect(oneOf[0]).toMatchObject({
    properties: {
      command: { const: 'run' },
      base: { additionalProperties: false, properties: { shots: { type: 'integer', minimum: 0 } } },
      grid: { properties: { shots: { type: 'array', items: { type: 'integer' }, minItems: 1 } } },
    },
  });
});
