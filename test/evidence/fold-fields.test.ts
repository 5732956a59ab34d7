/** @file Every field of the result that other programs read. */
import { expect, test } from 'vitest';
import { foldStudy } from '../../src/study/evidence/fold/fold-study.ts';
import { alike, small, syntheticStudy } from './synthetic-study.ts';

const EST = 'EST';
const SCALAR = 'SCALAR';
type Shape = string | readonly [Shape] | { readonly [key: string]: Shape };

const fields: Shape = {
  schema: SCALAR,
  signature: SCALAR,
  registered: SCALAR,
  model: { name: SCALAR, digest: SCALAR },
  tasks: [
    {
      ...Object.fromEntries(['name', 'k', 'seeds', 'rows', 'behaviourRows', 'rate'].map(key => [key, SCALAR])),
      overlap: [[SCALAR]],
      gates: {
        inContext: { gain: EST, pass: SCALAR },
        steady: { cosine: SCALAR, moved: SCALAR, pass: SCALAR },
        learned: { before: SCALAR, after: SCALAR, pass: SCALAR },
      },
      ladder: [
        {
          model: SCALAR,
          inContext: SCALAR,
          finetuned: SCALAR,
          S: EST,
          paper: EST,
          simAMDelta: EST,
          simAMDeltaCentred: EST,
          size: SCALAR,
        },
      ],
      matrix: [[SCALAR]],
      permutedRows: EST,
      centred: EST,
      shared: {
        demonstrations: { ...estimate(), p: SCALAR, permutations: SCALAR, effectiveDimension: SCALAR },
        ...all(['tokens', 'labels', 'order', 'task', 'query']),
      },
      ceiling: all([
        ...['inContextOrder', 'inContextOther', 'finetunedOrder', 'finetunedOther', 'rate4', 'numerical'],
        ...['relI', 'relF', 'share'],
      ]),
      partition: {
        ...all(['generic', 'demonstration', 'query', 'interaction']),
        ofInContext: [SCALAR],
        ofFinetuning: [SCALAR],
      },
      explained: all(['constant', 'finetuning']),
      behaviour: {
        accuracy: all(['zero-shot', 'in-context', 'finetuned']),
        shift: all([
          ...['same', 'order', 'labels', 'tokens', 'task', 'random', 'nudged', 'layer-causal', 'batch'],
          ...['rate-0.25', 'rate-4', 'untrained-same', 'untrained-unmatched'],
        ]),
        rec2ftp: {
          numerator: SCALAR,
          denominator: SCALAR,
          expected: SCALAR,
          kappa: EST,
          oddsRatio: EST,
          strata: [{ seed: SCALAR, label: SCALAR, n: SCALAR, inContext: SCALAR, finetuned: SCALAR, both: SCALAR }],
        },
        kappa: EST,
        orderSensitivity: all(['inContext', 'finetuned', 'ratio']),
      },
      curves: {
        rate: [{ multiple: SCALAR, size: SCALAR, same: EST, other: EST, shift: EST }],
        shots: [{ shots: SCALAR, S: EST, shift: EST }],
        layers: [{ layer: SCALAR, S: EST, demonstrations: EST, labels: EST, order: EST, query: EST }],
      },
      paperClaims: {
        simAM: all(['after', 'before', 'difference']),
        kendall: all(['after', 'before', 'difference', 'permutedRows']),
        simAOU: all(['finetuned', 'uniform', 'difference']),
      },
    },
  ],
  hypotheses: [
    {
      ...Object.fromEntries(
        ['id', 'task', 'statistic', 'p', 'adjusted', 'delta', 'mde', 'verdict', 'sentence'].map(key => [key, SCALAR]),
      ),
      value: EST,
    },
  ],
  predictsBehaviour: { sst2: EST, exploratory: SCALAR },
  seesBefore: [SCALAR],
};

function estimate(): Readonly<Record<string, Shape>> {
  return {
    ...Object.fromEntries(['value', 'low', 'high', 'error', 'df'].map(key => [key, SCALAR])),
    n: { seeds: SCALAR, rows: SCALAR },
  };
}

function all(keys: readonly string[]): Readonly<Record<string, Shape>> {
  return Object.fromEntries(keys.map(key => [key, EST]));
}

function check(value: unknown, shape: Shape, path: string): void {
  if (shape === EST) check(value, estimate(), path);
  else if (shape === SCALAR) expect(value === null || typeof value !== 'object', path).toBe(true);
  else if (Array.isArray(shape)) {
    expect(Array.isArray(value) && value.length > 0, path).toBe(true);
    for (const [i, each] of (value as unknown[]).entries()) check(each, shape[0] as Shape, `${path}[${i}]`);
  } else {
    for (const [key, inner] of Object.entries(shape)) {
      expect(value, path).toHaveProperty([key]);
      check((value as Record<string, unknown>)[key], inner as Shape, `${path}.${key}`);
    }
  }
}

test('every field is there; what is null says why', async () => {
  const result = JSON.parse(JSON.stringify(await foldStudy(syntheticStudy(alike, [20]))));
  check(result, fields, 'result');
  expect(result.schema).toBe('dualform.evidence/1');
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('value' in value && 'error' in value && (value.value === null || ('low' in value && value.low === null))) {
      expect(value, path).toHaveProperty('why');
    }
    for (const [key, each] of Object.entries(value)) walk(each, `${path}.${key}`);
  };
  walk(result, 'result');
  const [task] = result.tasks;
  expect(task.matrix).toHaveLength(small.seeds);
  expect(task.curves.layers).toHaveLength(small.layers);
  expect(task.curves.shots.map(({ shots }: { shots: number }) => shots)).toEqual([0, 1, 2, 4]);
  expect(task.curves.rate.map(({ multiple }: { multiple: number }) => multiple)).toEqual([0.25, 1, 4]);
  expect(task.ladder.filter(({ less }: { less: unknown }) => less === null)).toHaveLength(1);
  expect(task.ladder.map((row: Record<string, string>) => `${row.model} ${row.inContext} ${row.finetuned}`)).toEqual([
    ...['same', 'other', 'order', 'labels', 'tokens'].map(finetuned => `trained same ${finetuned}`),
    'trained tokens same',
    ...['task', 'random', 'nudged', 'layer-causal', 'batch', 'rate-0.25', 'rate-4'].map(
      finetuned => `trained same ${finetuned}`,
    ),
    'untrained same same',
    'untrained same unmatched',
  ]);
});
