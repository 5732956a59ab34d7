/** @file The work of a run, counted before it is done: tokens, FLOPs, and how often the weights are read. */
import type { Decoder } from '../model/decoder.ts';
import type { Prepared } from './prepare.ts';
import type { TimedStage } from './provenance.ts';

export interface Work {
  /** Tokens fed. */
  readonly tokens: number;
  /** Two for each multiply-add of weights and attention; nothing else counts. */
  readonly flops: number;
  /**
   * How often all weights are read: once in a forward pass, once more in a backward pass, and what changes in a step as often as it goes
   * through memory.
   */
  readonly passes: number;
}

/** A forward pass over `sequences` sequences of T tokens behind P of memory; the head is read after `reads` tokens in all. */
export function forwardFlops(
  decoder: Decoder,
  { T, P, sequences = 1, reads }: { T: number; P: number; sequences?: number; reads: number },
): number {
  const attention = 2 * decoder.layers * decoder.heads * decoder.headWidth * T * (P + T);
  return 2 * (sequences * (layerWeights(decoder) * T + attention) + decoder.width * decoder.vocabulary * reads);
}

/** One step on T tokens: forward, the gradient of every activation (as many again), and that of the key/value projections. */
export function stepFlops(decoder: Decoder, T: number): number {
  const changed = decoder.keyValue.flat().filter(({ shape }) => shape.length === 2);
  return 2 * forwardFlops(decoder, { T, P: 0, reads: T }) + 2 * elements(changed) * T;
}

/** Reads of all weights that a step takes: forward, backward, and a new key/value projection read, written, copied and looked through. */
function stepPasses({ tensors, keyValue }: Decoder): number {
  return 2 + (UPDATE_PASSES * elements(keyValue.flat())) / elements(tensors);
}

/** Of the projections that change; measured. */
const UPDATE_PASSES = 8;

/** Weights that every token is multiplied with; embeddings are looked up, and the head is read for few tokens. */
function layerWeights({ tensors }: Decoder): number {
  return elements(tensors.filter(({ name, shape }) => shape.length === 2 && !/embed|wte|wpe|lm_head/.test(name)));
}

function elements(tensors: readonly { readonly shape: readonly number[] }[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

const NOTHING: Work = { tokens: 0, flops: 0, passes: 0 };

export function addWork(a: Work, b: Work): Work {
  return { tokens: a.tokens + b.tokens, flops: a.flops + b.flops, passes: a.passes + b.passes };
}

/** The work of each stage of a run. Padding is not counted. */
export function workOf({
  plan,
  decoder,
  sequences,
  scoring,
}: Pick<Prepared, 'plan' | 'decoder' | 'sequences' | 'scoring'>): Readonly<Record<TimedStage, Work>> {
  const prefix = sequences.memoryTokens.length;
  const forward = (T: number): Work => ({ tokens: T, flops: forwardFlops(decoder, { T, P: 0, reads: 0 }), passes: 1 });
  const evaluation = (P: number): Work => {
    const rows = sequences.queries.flatMap(({ tokens }) => scoring.rows(tokens));
    return rows
      .map(({ tokens: { length: T }, reads }) => ({
        tokens: T,
        flops: forwardFlops(decoder, { T, P, reads: reads.length }),
        passes: 0,
      }))
      .reduce(addWork, { ...NOTHING, passes: plan.batches.length });
  };
  const ran = (setting: (typeof plan.settings)[number], work: () => Work) =>
    plan.settings.includes(setting) ? work() : NOTHING;
  return {
    load: NOTHING,
    memory: [
      ran('zero-shot', () => forward(1)),
      ran('in-context', () => forward(prefix)),
      ran('finetuned', () => forward(1)),
    ].reduce(addWork),
    'zero-shot': ran('zero-shot', () => evaluation(1)),
    'in-context': ran('in-context', () => evaluation(prefix)),
    finetuning: ran('finetuned', () =>
      sequences.finetuning
        .map(({ length: T }) => ({ tokens: T, flops: stepFlops(decoder, T), passes: stepPasses(decoder) }))
        .reduce(addWork, NOTHING),
    ),
    finetuned: ran('finetuned', () => evaluation(1)),
    metrics: NOTHING,
  };
}
