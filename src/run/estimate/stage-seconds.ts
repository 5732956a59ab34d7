import { elements } from '../../model/decoder.ts';
import type { Plan } from '../plan.ts';
import type { Prepared } from '../prepare.ts';
import type { TimedStage } from '../provenance.ts';
import { mappedBytes, mappedPlaces } from './mapped-weights.ts';
import type { Speed } from './speed.ts';
import { scoreFlops, type Work } from './work.ts';

/**
 * Starting the program, reading model and task, and finishing take as long as so many starts of a
 * compute process; measured.
 */
export const STARTS = 7;
/**
 * Seconds to measure and store an example, and to rank the scores of one token of the context in a
 * layer; measured.
 */
const EXAMPLE_SECONDS = 0.002;
export const KENDALL_SECONDS = 0.75e-6;

/**
 * Passes read the weights in order, so that the page cache drops them before their next use: this
 * share of what fits stays; measured.
 */
const STAYING = 0.2;

/**
 * The share of `mapped` bytes that every pass reads from disk when memory has `space` bytes for
 * them; 0 when all fit.
 */
export function shareFromDisk(mapped: number, space: number): number {
  return space >= mapped ? 0 : 1 - (STAYING * Math.max(0, space)) / mapped;
}

/** A speed, and the share of the weights that every pass reads from disk, ahead of computing. */
type SpeedFromDisk = Speed & { readonly fromDisk: number };

/** Seconds of a stage of a run at a speed. */
export function secondsOf(
  stage: TimedStage,
  work: Work,
  { checkpoint, decoder, plan, sequences }: Prepared,
  { fromDisk, ...speed }: SpeedFromDisk,
): number {
  switch (stage) {
    case 'load': {
      const mapped = 1e-9 * mappedBytes(mappedPlaces(checkpoint, decoder));
      const projections = 4e-9 * elements(decoder.projections.flat());
      const reading = projections / speed.loadedGigabytes + (fromDisk > 0 ? 0 : mapped / speed.fileGigabytes);
      return STARTS * speed.startSeconds + reading + sessions(plan) * speed.openSeconds;
    }
    case 'metrics': {
      const compared = plan.settings.includes('in-context') && plan.settings.includes('finetuned');
      const examples = compared ? Math.min(plan.examples, plan.metrics.kendallExamples) : 0;
      const ordered = examples * sequences.prefixTokens.length * decoder.layers;
      return plan.examples * EXAMPLE_SECONDS + ordered * KENDALL_SECONDS;
    }
    default:
      return secondsOfWork(work, { checkpoint, decoder }, { fromDisk, ...speed });
  }
}

/** Seconds of passes, or of steps: work of one of the two kinds. */
export function secondsOfWork(
  { flops, scores, weights, steps }: Work,
  { checkpoint, decoder }: Pick<Prepared, 'checkpoint' | 'decoder'>,
  { fromDisk, ...speed }: SpeedFromDisk,
): number {
  const products = (1e-9 * (flops - scoreFlops(decoder) * scores)) / speed.gigaflops;
  const passes = products + (4e-9 * weights) / speed.gigabytes + (1e-9 * scores) / speed.gigascores;
  // Work counts a gradient as two passes.
  const share = steps > 0 ? speed.gradientPasses / 2 : 1;
  const projections = 4e-9 * elements(decoder.projections.flat());
  const computing = share * passes + (steps * projections) / speed.steppedGigabytes;
  const mapped = 1e-9 * mappedBytes(mappedPlaces(checkpoint, decoder));
  const reading = (fromDisk * (weights / elements(decoder.tensors)) * mapped) / speed.diskGigabytes;
  return Math.max(computing, reading);
}

/** Number of sessions that a run opens. */
function sessions({ settings }: Plan): number {
  const prefix = settings.some(name => name !== 'finetuned') ? 1 : 0;
  const gradientAndPrefix = settings.includes('finetuned') ? 2 : 0;
  return 1 + prefix + gradientAndPrefix;
}
