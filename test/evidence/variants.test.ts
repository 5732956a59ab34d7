import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream, uniform } from '../../src/statistics/random.ts';
import { seedStreams } from '../../src/study/evidence/streams.ts';
import { assertSameDemonstrations } from '../../src/task/same-demonstrations.ts';
import {
  buildSequences,
  type DemonstrationSet,
  heldOutDemonstrations,
  spaceForPrefix,
} from '../../src/task/sequence.ts';
import type { Task } from '../../src/task/task.ts';
import {
  firstDemonstrations,
  fittingShots,
  relabelled,
  reordered,
  tokensShuffled,
  type Variant,
} from '../../src/task/variants.ts';

const layout = { bos: 1, separator: [2, 3] };
const labelTokens = [[90], [91, 92]];

/** Demonstrations of the given prompts and labels. */
function setOf(prompts: readonly (readonly number[])[], labels: readonly number[]): DemonstrationSet {
  const prefixTokens = [layout.bos];
  const demonstrations = prompts.map((prompt, row) => {
    const label = labels[row]!;
    const tokens = [...prompt, ...labelTokens[label]!];
    const start = prefixTokens.length;
    prefixTokens.push(...tokens, ...layout.separator);
    return { row, label, tokens, promptLength: prompt.length, start };
  });
  return { prefixTokens, demonstrations, finetuning: demonstrations.map(({ tokens }) => [layout.bos, ...tokens]) };
}

const five = setOf([[10, 11, 12], [20], [30, 31], [40, 41], [50]], [0, 1, 1, 0, 1]);
const streams = seedStreams(3);

const sets = fc
  .array(
    fc.record({ prompt: fc.array(fc.integer({ min: 10, max: 80 }), { minLength: 1, maxLength: 6 }), label: fc.nat(1) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map(rows =>
    setOf(
      rows.map(({ prompt }) => prompt),
      rows.map(({ label }) => label),
    ),
  );

/** That both settings read the same, and that every demonstration is where it says. */
function check(set: DemonstrationSet): void {
  assertSameDemonstrations({ ...layout, ...set });
  for (const { tokens, start } of set.demonstrations) {
    expect(set.prefixTokens.slice(start, start + tokens.length)).toEqual(tokens);
  }
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const labelsOf = ({ demonstrations }: DemonstrationSet) => demonstrations.map(({ label }) => label);

describe('the ids of seed 3', () => {
  /** Fisher and Yates from the end, written down once more. */
  function order(stream: ReturnType<typeof randomStream>, n: number): number[] {
    const places = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(uniform(stream) * (i + 1));
      const kept = places[i]!;
      places[i] = places[j]!;
      places[j] = kept;
    }
    return places;
  }

  test('order', () => {
    const { set } = reordered(five, layout, streams.order());
    const expected = order(randomStream(7001, 3, 1), 5);
    expect(expected).toEqual([1, 3, 0, 2, 4]);
    expect(set!.demonstrations.map(({ row }) => row)).toEqual(expected);
    expect(set!.prefixTokens).toEqual([
      1, 20, 91, 92, 2, 3, 40, 41, 90, 2, 3, 10, 11, 12, 90, 2, 3, 30, 31, 91, 92, 2, 3, 50, 91, 92, 2, 3,
    ]);
  });

  test('labels', () => {
    const { set } = relabelled(five, layout, labelTokens, streams.labels());
    const stream = randomStream(7001, 3, 2);
    const draws = Array.from({ length: 100 }, () => order(stream, 5).map(j => [0, 1, 1, 0, 1][j]!));
    const changes = draws.map(labels => labels.filter((label, j) => label !== [0, 1, 1, 0, 1][j]).length);
    // Two labels of the one kind can change places with two of the other.
    expect(Math.max(...changes)).toBe(4);
    expect(labelsOf(set!)).toEqual(draws[changes.indexOf(4)]);
    expect(set!.finetuning).toEqual([
      [1, 10, 11, 12, 91, 92],
      [1, 20, 90],
      [1, 30, 31, 91, 92],
      [1, 40, 41, 91, 92],
      [1, 50, 90],
    ]);
  });

  test('tokens', () => {
    const { set } = tokensShuffled(five, layout, streams.tokens);
    const expected = five.demonstrations.map(({ tokens }, j) =>
      order(randomStream(7001, 3, 3, j), tokens.length).map(i => tokens[i]!),
    );
    expect(set!.demonstrations.map(({ tokens }) => tokens)).toEqual(expected);
    expect(expected).toEqual([
      [12, 10, 90, 11],
      [92, 91, 20],
      [92, 31, 30, 91],
      [41, 90, 40],
      [50, 92, 91],
    ]);
  });
});

test('another order: the same demonstrations, never as before, one permutation in prefix and steps', () => {
  fc.assert(
    fc.property(sets, fc.nat(), (set, seed) => {
      const { set: other, why } = reordered(set, layout, seedStreams(seed).order());
      if (set.demonstrations.length < 2) {
        expect({ other, why }).toEqual({ other: null, why: 'fewer than two demonstrations have no other order' });
        return;
      }
      check(other!);
      const rows = other!.demonstrations.map(({ row }) => row);
      expect(rows).not.toEqual(set.demonstrations.map(({ row }) => row));
      expect(sorted(rows)).toEqual(set.demonstrations.map(({ row }) => row));
      expect(other!.prefixTokens).toHaveLength(set.prefixTokens.length);
      rows.forEach((row, j) => {
        expect(other!.finetuning[j]).toEqual(set.finetuning[row]);
      });
    }),
  );
});

test('permuted labels: the same texts and shares of the labels, and as many changed as can be', () => {
  fc.assert(
    fc.property(sets, fc.nat(), (set, seed) => {
      const { set: other, why } = relabelled(set, layout, labelTokens, seedStreams(seed).labels());
      const labels = labelsOf(set);
      if (new Set(labels).size < 2) {
        expect({ other, why }).toEqual({ other: null, why: 'all demonstrations have one label' });
        return;
      }
      check(other!);
      expect(sorted(labelsOf(other!))).toEqual(sorted(labels));
      const changed = labelsOf(other!).filter((label, j) => label !== labels[j]).length;
      const ones = labels.filter(label => label === 1).length;
      const most = 2 * Math.min(ones, labels.length - ones);
      expect(changed).toBeGreaterThan(0);
      expect(changed).toBeLessThanOrEqual(most);
      if (most === 2) expect(changed).toBe(2);
      other!.demonstrations.forEach(({ tokens, promptLength, label, row }, j) => {
        expect(row).toBe(set.demonstrations[j]!.row);
        expect(tokens.slice(0, promptLength)).toEqual(set.demonstrations[j]!.tokens.slice(0, promptLength));
        expect(tokens.slice(promptLength)).toEqual(labelTokens[label]);
      });
    }),
  );
});

test('shuffled tokens: those of each demonstration, between the same BOS and separators', () => {
  fc.assert(
    fc.property(sets, fc.nat(), (set, seed) => {
      const { set: other } = tokensShuffled(set, layout, seedStreams(seed).tokens);
      check(other!);
      expect(labelsOf(other!)).toEqual(labelsOf(set));
      other!.demonstrations.forEach(({ tokens, start }, j) => {
        expect(start).toBe(set.demonstrations[j]!.start);
        expect(sorted(tokens)).toEqual(sorted(set.demonstrations[j]!.tokens));
      });
      const between = (prefix: DemonstrationSet) => {
        const inside = new Set(set.demonstrations.flatMap(({ start, tokens }) => tokens.map((_, t) => start + t)));
        return prefix.prefixTokens.filter((_, at) => !inside.has(at));
      };
      expect(between(other!)).toEqual(between(set));
    }),
  );
});

test('the first demonstrations: the beginning of prefix and steps', () => {
  fc.assert(
    fc.property(sets, fc.nat(13), (set, k) => {
      const { set: first, why }: Variant = firstDemonstrations(set, layout, k);
      const n = set.demonstrations.length;
      if (k > n) {
        expect({ first, why }).toEqual({ first: null, why: `only ${n} demonstrations fit` });
        return;
      }
      check(first!);
      expect(first!.finetuning).toEqual(set.finetuning.slice(0, k));
      expect(first!.prefixTokens).toEqual(set.prefixTokens.slice(0, first!.prefixTokens.length));
      if (k === n) expect(first).toEqual(set);
      if (k === 0) expect(first!.prefixTokens).toEqual([layout.bos]);
    }),
  );
});

describe('with a task', () => {
  const encode = (text: string) => Array.from(text, character => character.charCodeAt(0));
  const tokenizer = { encode, encodeAll: (texts: readonly string[]) => texts.map(encode) };
  const train = Array.from({ length: 40 }, (_, id) => ({
    id,
    fields: { text: 'abcdefg'.slice(0, 1 + (id % 7)) },
    label: id % 2,
  }));
  const task: Task = {
    name: 'toy',
    title: 'toy',
    licence: null,
    digest: '',
    template: '{text}:',
    fields: ['text'],
    labels: [' n', ' yes'],
    defaultShots: 4,
    trainRows: train.length,
    evaluationRows: 2,
    warnings: [],
    prompt: row => `${row.fields.text}:`,
    train: () => train,
    evaluation: () => [
      { id: 0, fields: { text: 'xxxxx' }, label: 0 },
      { id: 1, fields: { text: 'y' }, label: 1 },
    ],
  };
  const request = { task, tokenizer, ...layout, shots: 12, context: 80 };

  test('the most demonstrations that every seed can show are what buildSequences gives at least', () => {
    fc.assert(
      fc.property(fc.integer({ min: 25, max: 160 }), context => {
        const seeds = [1, 2, 3, 4].map(seed => buildSequences({ ...request, context, seed }));
        const room = spaceForPrefix({ ...request, context });
        const fitting = fittingShots(seeds, room);
        expect(fitting).toBe(Math.min(...seeds.map(({ shots }) => shots)));
        // A smaller context, of another task's queries, allows no more.
        const smaller = { ...request, context: context - 3 };
        const less = fittingShots(seeds, spaceForPrefix(smaller));
        expect(less).toBeLessThanOrEqual(fitting);
        for (const set of seeds) {
          const { prefixTokens } = firstDemonstrations(set, layout, less).set!;
          if (less > 0) expect(prefixTokens.length).toBeLessThan(spaceForPrefix(smaller));
        }
      }),
    );
  });

  test('held-out rows follow the demonstrations of their seed, and none of them is one', () => {
    const shots = 6;
    const { demonstrations } = buildSequences({ ...request, seed: 5, shots });
    expect(demonstrations).toHaveLength(shots);
    const held = heldOutDemonstrations({ ...request, seed: 5, shots }, 16);
    expect(held).toHaveLength(16);
    const used = new Set(demonstrations.map(({ row }) => row));
    expect(held.filter(({ row }) => used.has(row))).toEqual([]);
    const more = buildSequences({ ...request, seed: 5, shots: 22, context: 1000 });
    expect(held.map(({ tokens }) => tokens)).toEqual(more.finetuning.slice(shots));
    expect(held.map(({ row, label }) => ({ row, label }))).toEqual(
      more.demonstrations.slice(shots).map(({ row, label }) => ({ row, label })),
    );
    expect(heldOutDemonstrations({ ...request, seed: 5, shots: 30 }, 16)).toHaveLength(10);
    expect(heldOutDemonstrations({ ...request, seed: 5, shots: 40 }, 16)).toEqual([]);
  });
});
