/** @file The sets of demonstrations of a study: one for each seed, all of one size. */
import type { Conventions } from '../../model/conventions.ts';
import {
  buildDemonstrationSets,
  buildSequences,
  type DemonstrationSet,
  type SequenceRequest,
  type Sequences,
  spaceForPrefix,
} from '../../task/sequence.ts';
import type { Task } from '../../task/task.ts';
import { firstDemonstrations, fittingShots } from '../../task/variants.ts';

type Encoder = SequenceRequest['tokenizer'];

interface Asked extends Conventions {
  readonly tokenizer: Encoder;
  /** Of the model, in tokens. */
  readonly context: number;
  readonly shots: number;
  /** Seeds 1 to this. */
  readonly seeds: number;
}

/**
 * The sequences of seeds 1 to `seeds`, in this order, each with k demonstrations: the least that
 * fits over all seeds.
 *
 * @throws UserError as `buildSequences`
 */
export function sequencesOfSeeds(
  task: Task,
  { seeds, ...asked }: Asked & { readonly limit: number },
): { readonly k: number; readonly sequences: readonly Sequences[] } {
  const request = { ...asked, task, tokenizer: remembering(asked.tokenizer) };
  const built = upTo(seeds).map(seed => buildSequences({ ...request, seed }));
  const k = Math.min(...built.map(({ shots }) => shots));
  return { k, sequences: built.map(each => ({ ...each, ...cut(each, asked, k), shots: k })) };
}

/**
 * Sets of another task that are shown before queries of this one: k demonstrations, the least that
 * fits before every query over all seeds; k is 0 where none fits.
 *
 * @throws UserError as `buildDemonstrationSets`
 */
export function setsOfOtherTask(
  task: Task,
  other: Task,
  { seeds, ...asked }: Asked,
): { readonly k: number; readonly sets: readonly DemonstrationSet[] } {
  const request = { ...asked, tokenizer: remembering(asked.tokenizer) };
  const built = upTo(seeds).map(seed => buildDemonstrationSets({ ...request, task: other, seed }, 1)[0]!);
  const k = fittingShots(built, spaceForPrefix({ ...request, task }));
  return { k, sets: built.map(set => cut(set, asked, k)) };
}

function cut(set: DemonstrationSet, layout: Conventions, k: number): DemonstrationSet {
  return firstDemonstrations(set, layout, k).set!;
}

function upTo(seeds: number): number[] {
  return Array.from({ length: seeds }, (_, d) => d + 1);
}

/** Encodes each text once: every seed reads the same evaluation rows. */
function remembering(tokenizer: Encoder): Encoder {
  const known = new Map<string, number[]>();
  return {
    encodeAll: texts => {
      const unknown = [...new Set(texts)].filter(text => !known.has(text));
      const encoded = tokenizer.encodeAll(unknown);
      for (const [i, text] of unknown.entries()) known.set(text, encoded[i]!);
      return texts.map(text => known.get(text)!);
    },
  };
}
