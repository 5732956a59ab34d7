import { elements } from '../../model/decoder.ts';
import type { Plan } from '../plan.ts';
import type { Prepared } from '../prepare.ts';
import type { TimedStage } from '../provenance.ts';
import { mappedBytes, mappedPlaces } from './mapped-weights.ts';
import type { Speed } from './speed.ts';
import { scoreFlops, type Work } from './work.ts';

/**
 * Node, the program, model and task, and the end of it all take as long as so many starts of a
 * process that computes; measured.
 */
const STARTS = 7;
/**
 * What it takes to measure and store an example, and to order the scores of one token of the
 * context in a layer; measured.
 */
const EXAMPLE_SECONDS = 0.002;
const KENDALL_SECONDS = 0.75e-6;

/**
 * Passes go through the weights in order, so that what was read last is dropped before it is
 * wanted: of what could stay, this share does; measured.
 */
const STAYING = 0.2;

/**
 * The share of `mapped` bytes that every pass reads from disk where memory has `room` for so many
 * of them; 0 where it holds all.
 */
export function shareFromDisk(mapped: number, room: number): number {
  return room >= mapped ? 0 : 1 - (STAYING * Math.max(0, room)) / mapped;
}

/**
 * Seconds that a stage of a run takes at some speed.
 *
 * @param speed.fromDisk the share of the weights that every pass reads from disk; that is done
 * ahead, while the engine computes
 */
export function secondsOf(
  stage: TimedStage,
  work: Work,
  { checkpoint, decoder, plan, sequences }: Prepared,
  { fromDisk, ...speed }: Speed & { readonly fromDisk: number },
): number {
  const projections = 4e-9 * elements(decoder.projections.flat());
  const mapped = 1e-9 * mappedBytes(mappedPlaces(checkpoint, decoder));
  switch (stage) {
    case 'load': {
      const reading = projections / speed.loadedGigabytes + (fromDisk > 0 ? 0 : mapped / speed.fileGigabytes);
      return STARTS * speed.startSeconds + reading + sessions(plan) * speed.openSeconds;
    }
    case 'metrics': {
      const compared = plan.settings.includes('in-context') && plan.settings.includes('finetuned');
      const examples = compared ? Math.min(plan.examples, plan.metrics.kendallExamples) : 0;
      const ordered = examples * sequences.prefixTokens.length * decoder.layers;
      return plan.examples * EXAMPLE_SECONDS + ordered * KENDALL_SECONDS;
    }
    default: {
      const { flops, scores, weights, steps } = work;
      const products = (1e-9 * (flops - scoreFlops(decoder) * scores)) / speed.gigaflops;
      const passes = products + (4e-9 * weights) / speed.gigabytes + (1e-9 * scores) / speed.gigascores;
      // The work of a gradient is counted as that of two passes.
      const share = steps > 0 ? speed.gradientPasses / 2 : 1;
      const computing = share * passes + (steps * projections) / speed.steppedGigabytes;
      const reading = (fromDisk * (weights / elements(decoder.tensors)) * mapped) / speed.diskGigabytes;
      return Math.max(computing, reading);
    }
  }
}

/** How many sessions a run opens. */
function sessions({ settings }: Plan): number {
  const prefix = settings.some(name => name !== 'finetuned') ? 1 : 0;
  const gradientAndPrefix = settings.includes('finetuned') ? 2 : 0;
  return 1 + prefix + gradientAndPrefix;
}
