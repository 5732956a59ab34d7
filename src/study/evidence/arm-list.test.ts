import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArm } from './arm.ts';
import { armList } from './arm-list.ts';
import { hypothesesOf } from './hypotheses.ts';
import { type OptionalArms, optionalArms, type PresetName, presetNames, presets, withoutArms } from './presets.ts';

const listOf = (name: PresetName) => {
  const { arms, seeds, shots: k } = presets[name];
  return armList(arms, { seeds, k });
};

/** How many seeds have an arm, by model, setting and variant. */
function counts(name: PresetName): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { id } of listOf(name)) {
    const kind = id.replace(/\/\d+\//, '/');
    found[kind] = (found[kind] ?? 0) + 1;
  }
  return found;
}

describe('the grids of section 4', () => {
  test('quick', () => {
    expect(counts('quick')).toEqual({
      ...{ Z: 1, 'I/same': 4, 'F/same': 4, 'F/random': 4 },
      ...{ 'I/order': 4, 'F/order': 4, 'I/labels': 4, 'F/labels': 4 },
    });
  });

  test('standard', () => {
    expect(counts('standard')).toEqual({
      ...{ Z: 1, 'I/same': 16, 'F/same': 16, 'F/random': 8, 'F/nudged': 16, 'F/batch': 4, 'F/layer-causal': 4 },
      ...{ 'F/rate-0.0625': 4, 'F/rate-0.25': 4, 'F/rate-4': 4 },
      ...{ 'I/order': 16, 'F/order': 16, 'I/labels': 16, 'F/labels': 16 },
      ...{ 'I/tokens': 8, 'F/tokens': 8, 'I/task': 4, 'F/task': 4 },
      ...{ 'U1:Z': 1, 'U1:I/same': 8, 'U1:F/same': 8, 'U1:F/unmatched': 4 },
    });
  });

  test('full', () => {
    const found = counts('full');
    expect(found).toMatchObject({ 'I/same': 32, 'F/nudged': 32, 'F/random': 16, 'F/layer-causal': 16, 'F/batch': 8 });
    expect(Object.keys(found).filter(kind => kind.startsWith('F/rate'))).toHaveLength(6);
    for (const k of [1, 2, 4, 8, 16]) expect(found).toMatchObject({ [`I/shots-${k}`]: 8, [`F/shots-${k}`]: 8 });
    // Seed d has initialisation 1 + (d - 1) mod 3.
    expect(found).toMatchObject({ 'U1:Z': 1, 'U2:Z': 1, 'U3:Z': 1 });
    expect(found).toMatchObject({ 'U1:F/same': 6, 'U2:F/same': 5, 'U3:F/same': 5 });
    expect(found).toMatchObject({ 'U1:F/unmatched': 2, 'U2:F/unmatched': 1, 'U3:F/unmatched': 1 });
  });
});

test.each(presetNames)('%s: zero-shot first, a random step after the step that it measures, untrained last', name => {
  const ids = listOf(name).map(({ id }) => id);
  expect(ids[0]).toBe('Z');
  for (const [i, id] of ids.entries()) {
    if (id.endsWith('/random')) expect(ids[i - 1]).toBe(id.replace('random', 'same'));
  }
  const untrained = ids.findIndex(id => id.startsWith('U'));
  if (untrained >= 0) expect(ids.slice(untrained).every(id => id.startsWith('U'))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  // Every id says which arm it is.
  expect(ids.map(readArm)).toEqual(listOf(name));
});

test('shots that are no fewer than those of every set have no arm', () => {
  const ids = armList(presets.full.arms, { seeds: 4, k: 8 }).map(({ id }) => id);
  expect(ids.filter(id => id.startsWith('I/1/shots'))).toEqual(['I/1/shots-1', 'I/1/shots-2', 'I/1/shots-4']);
});

test('what is left out takes its hypotheses along, and nothing else', () => {
  const lost: Readonly<Record<string, readonly string[]>> = {
    tokens: ['H2'],
    untrained: ['H6'],
    'layer-causal': ['H8'],
  };
  const idsOf = (without: readonly OptionalArms[]) => {
    const arms = armList(withoutArms(presets.full.arms, without), { seeds: 8, k: 32 });
    return hypothesesOf(
      'sst2',
      arms.map(({ id }) => id),
    ).map(({ id }) => id as string);
  };
  fc.assert(
    fc.property(fc.subarray([...optionalArms]), without => {
      const gone = without.flatMap(name => lost[name] ?? []);
      const all = ['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7', 'H8'];
      expect(idsOf(without)).toEqual(all.filter(id => !gone.includes(id)));
    }),
  );
});
