/**
 * @file Sets of demonstrations with one property changed, for the in-context and the finetuned
 * setting alike. Every variant can be laid over the sequences of a run: `{ ...sequences,
 * ...variant.set }`.
 */
import { below, type RandomStream } from '../statistics/random.ts';
import type { Demonstration, DemonstrationSet } from './sequence.ts';

/** What surrounds demonstrations. */
export interface Layout {
  readonly bos: number;
  /** Tokens after each demonstration in the context, the last one too. */
  readonly separator: readonly number[];
}

export interface Variant {
  /** Null, with `why`, where the set has no such variant. */
  readonly set: DemonstrationSet | null;
  readonly why?: string;
}

/**
 * The same demonstrations in another order: place j holds demonstration p(j), in the prefix and in
 * the steps of finetuning. The permutation is drawn again while it is the identity.
 */
export function reordered({ demonstrations }: DemonstrationSet, layout: Layout, stream: RandomStream): Variant {
  if (demonstrations.length < 2) return { set: null, why: 'fewer than two demonstrations have no other order' };
  let order = shuffled(stream, demonstrations);
  while (order.every((each, j) => each === demonstrations[j])) order = shuffled(stream, demonstrations);
  return { set: layOut(order, layout) };
}

const LABEL_DRAWS = 100;

/**
 * The same texts with their labels permuted: demonstration j gets the label of demonstration p(j),
 * so that each label stays as frequent as it is. Of 100 permutations the first that changes most
 * labels.
 *
 * @param labelTokens label words by label id
 */
export function relabelled(
  { demonstrations }: DemonstrationSet,
  layout: Layout,
  labelTokens: readonly (readonly number[])[],
  stream: RandomStream,
): Variant {
  const labels = demonstrations.map(({ label }) => label);
  if (new Set(labels).size < 2) return { set: null, why: 'all demonstrations have one label' };
  let best: { readonly labels: readonly number[]; readonly changed: number } = { labels, changed: 0 };
  for (let draw = 0; draw < LABEL_DRAWS; draw++) {
    const drawn = shuffled(stream, labels);
    const changed = drawn.filter((label, j) => label !== labels[j]).length;
    if (changed > best.changed) best = { labels: drawn, changed };
  }
  if (best.changed === 0) return { set: null, why: `none of ${LABEL_DRAWS} permutations changes a label` };
  const changed = demonstrations.map((demonstration, j) => {
    const label = best.labels[j]!;
    const prompt = demonstration.tokens.slice(0, demonstration.promptLength);
    return { ...demonstration, label, tokens: [...prompt, ...labelTokens[label]!] };
  });
  return { set: layOut(changed, layout) };
}

/**
 * The tokens of T(x_j) y_j shuffled within each demonstration; BOS and separators stay.
 * `promptLength` remains that of the text.
 *
 * @param streamOf random numbers for demonstration j, counted from 0
 */
export function tokensShuffled(
  { demonstrations }: DemonstrationSet,
  layout: Layout,
  streamOf: (demonstration: number) => RandomStream,
): Variant {
  const shuffledOnes = demonstrations.map((demonstration, j) => ({
    ...demonstration,
    tokens: shuffled(streamOf(j), demonstration.tokens),
  }));
  return { set: layOut(shuffledOnes, layout) };
}

/** The first k demonstrations of a set, which may be that of another task. None are BOS alone. */
export function firstDemonstrations({ demonstrations }: DemonstrationSet, layout: Layout, k: number): Variant {
  if (demonstrations.length < k) return { set: null, why: `only ${demonstrations.length} demonstrations fit` };
  return { set: layOut(demonstrations.slice(0, k), layout) };
}

/**
 * How many demonstrations all sets can show before any query of a task.
 *
 * @param space a prefix has fewer tokens (`spaceForPrefix` of the task of the queries)
 */
export function fittingShots(sets: readonly DemonstrationSet[], space: number): number {
  const fitting = sets.map(({ demonstrations, prefixTokens }) => {
    // Demonstration j ends, with its separator, where the next begins.
    const ends = [...demonstrations.slice(1).map(({ start }) => start), prefixTokens.length];
    return demonstrations.filter((_, j) => ends[j]! < space).length;
  });
  return Math.min(...fitting);
}

function layOut(demonstrations: readonly Demonstration[], { bos, separator }: Layout): DemonstrationSet {
  const prefixTokens = [bos];
  const placed = demonstrations.map(demonstration => {
    const start = prefixTokens.length;
    prefixTokens.push(...demonstration.tokens, ...separator);
    return { ...demonstration, start };
  });
  return {
    prefixTokens,
    demonstrations: placed,
    finetuning: placed.map(({ tokens }) => [bos, ...tokens]),
  };
}

/** Fisher-Yates from the end. */
function shuffled<T>(stream: RandomStream, values: readonly T[]): T[] {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(stream, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
