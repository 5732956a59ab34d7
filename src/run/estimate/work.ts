/**
 * @file Counts the work of a run: tokens, FLOPs, and how often weights are read.
 */
import { type Decoder, elements } from '../../model/decoder.ts';
import { PREFIX_PIECE } from '../../model/prefix.ts';
import type { Query } from '../../observe/observe.ts';
import type { Prepared } from '../prepare.ts';
import type { TimedStage } from '../provenance.ts';

export interface Work {
  /** Tokens fed. */
  readonly tokens: number;
  /** Two per multiply-add of weights and attention; nothing else is counted. */
  readonly flops: number;
  /** Scores of attention, of all layers and heads. */
  readonly scores: number;
  /** Weights that passes read: once in a forward pass, once more in a backward pass. */
  readonly weights: number;
  /** How often the key/value projections are replaced. */
  readonly steps: number;
}

/**
 * A forward pass over `sequences` sequences of T tokens after a prefix of P; logits are computed at
 * `reads` tokens in all.
 */
export function forwardFlops(
  decoder: Decoder,
  { T, P, sequences = 1, reads }: { T: number; P: number; sequences?: number; reads: number },
): number {
  const attention = scoreFlops(decoder) * scoresOf(decoder, { T, P });
  return sequences * (2 * layerWeights(decoder) * T + attention) + 2 * decoder.hiddenSize * decoder.vocabulary * reads;
}

/** Per score: the product of query and key, and the weighted value. */
export function scoreFlops({ headDim }: Decoder): number {
  return 4 * headDim;
}

/** Scores of T tokens after a prefix of P, including masked ones. */
function scoresOf({ layers, heads }: Decoder, { T, P }: { T: number; P: number }): number {
  return layers * heads * T * (P + T);
}

/**
 * One step on T tokens: forward, the gradient of every activation (as many again), and that of the
 * key/value projections.
 */
export function stepFlops(decoder: Decoder, T: number): number {
  const changed = decoder.projections.flat().filter(({ shape }) => shape.length === 2);
  return 2 * forwardFlops(decoder, { T, P: 0, reads: T }) + 2 * elements(changed) * T;
}

/**
 * A step of training on B sequences of T tokens: forward, and twice as much for the gradients of
 * activations and weights.
 */
export function trainingFlops(decoder: Decoder, { B, T }: { readonly B: number; readonly T: number }): number {
  return 3 * forwardFlops(decoder, { T, P: 0, sequences: B, reads: B * T });
}

/**
 * Weights that every token is multiplied with: without embeddings, and without the head, which few
 * tokens need.
 */
function layerWeights({ tensors }: Decoder): number {
  return elements(tensors.filter(({ name, shape }) => shape.length === 2 && !/embed|wte|wpe|lm_head/.test(name)));
}

function passWeights(decoder: Decoder, head: boolean): number {
  return layerWeights(decoder) + (head ? decoder.hiddenSize * decoder.vocabulary : 0);
}

export const NOTHING: Work = { tokens: 0, flops: 0, scores: 0, weights: 0, steps: 0 };

export function addWork(a: Work, b: Work): Work {
  return {
    tokens: a.tokens + b.tokens,
    flops: a.flops + b.flops,
    scores: a.scores + b.scores,
    weights: a.weights + b.weights,
    steps: a.steps + b.steps,
  };
}

/**
 * One pass over sequences of T tokens after a prefix of P, with logits at `reads` tokens of each.
 */
export function passWork(
  decoder: Decoder,
  sequences: readonly { readonly T: number; readonly reads: number }[],
  P: number,
): Work {
  return sequences
    .map(({ T, reads }) => ({
      ...NOTHING,
      tokens: T,
      flops: forwardFlops(decoder, { T, P, reads }),
      scores: scoresOf(decoder, { T, P }),
    }))
    .reduce(addWork, {
      ...NOTHING,
      weights: passWeights(
        decoder,
        sequences.some(({ reads }) => reads > 0),
      ),
    });
}

/** A prefix of P tokens, computed in pieces. */
export function prefixWork(decoder: Decoder, P: number): Work {
  const starts = Array.from({ length: Math.ceil(P / PREFIX_PIECE) }, (_, i) => i * PREFIX_PIECE);
  return starts
    .map(start => passWork(decoder, [{ T: Math.min(PREFIX_PIECE, P - start), reads: 0 }], start))
    .reduce(addWork, NOTHING);
}

/** The rows that a batch of queries is fed as. */
export function rowsOf(
  { sequences, scoring }: Pick<Prepared, 'sequences' | 'scoring'>,
  batch: readonly number[],
): readonly Query[] {
  return batch.flatMap(index => scoring.rows(sequences.queries[index]!.tokens));
}

const lengths = ({ tokens, reads }: Query) => ({ T: tokens.length, reads: reads.length });

/** One step on T tokens: a pass forward and one backward. */
export function stepWork(decoder: Decoder, T: number): Work {
  const scores = 2 * scoresOf(decoder, { T, P: 0 });
  return { tokens: T, flops: stepFlops(decoder, T), scores, weights: 2 * passWeights(decoder, true), steps: 1 };
}

/** The work of each stage of a run. Padding is not counted. */
export function workOf({
  plan,
  decoder,
  sequences,
  scoring,
}: Pick<Prepared, 'plan' | 'decoder' | 'sequences' | 'scoring'>): Readonly<Record<TimedStage, Work>> {
  const prefix = sequences.prefixTokens.length;
  const evaluation = (P: number): Work =>
    plan.batches.map(batch => passWork(decoder, rowsOf({ sequences, scoring }, batch).map(lengths), P)).reduce(addWork);
  const ran = (setting: (typeof plan.settings)[number], work: () => Work) =>
    plan.settings.includes(setting) ? work() : NOTHING;
  const steps = () => sequences.finetuning.map(({ length: T }) => stepWork(decoder, T)).reduce(addWork, NOTHING);
  const compared = plan.batches
    .map(batch => batch.filter(index => index < plan.steadyRows))
    .filter(({ length }) => length > 0);
  const comparisons = compared.flatMap(batch =>
    Array(plan.settings.includes('zero-shot') ? 1 : 2).fill(
      passWork(decoder, rowsOf({ sequences, scoring }, batch).map(lengths), 1),
    ),
  );
  return {
    load: NOTHING,
    prefix: [
      ran('zero-shot', () => prefixWork(decoder, 1)),
      ran('in-context', () => prefixWork(decoder, prefix)),
      ran('finetuned', () => prefixWork(decoder, 1)),
    ].reduce(addWork),
    'zero-shot': ran('zero-shot', () => evaluation(1)),
    'in-context': ran('in-context', () => evaluation(prefix)),
    finetuning: ran('finetuned', steps),
    steadiness: plan.steadyRows === 0 ? NOTHING : [steps(), ...comparisons].reduce(addWork),
    finetuned: ran('finetuned', () => evaluation(1)),
    metrics: NOTHING,
  };
}
