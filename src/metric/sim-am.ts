import { cosine, cosineOfUpdates } from './cosine.ts';
import type { ObservationShape } from './observation.ts';
import type { PerLayer } from './per-layer.ts';

/**
 * SimAM of one example (Dai et al.): cos(m, m') of the raw attention scores [L, H, T] of two
 * settings, for every head, then the mean over heads. "Before": in-context against zero-shot;
 * "after": in-context against finetuned. Symmetric. Heads with an undefined cosine are left out;
 * null if all are.
 *
 * The scores are not centred, although softmax ignores a constant: a shared offset raises this
 * similarity.
 */
export function simAM(scores: Float32Array, others: Float32Array, shape: ObservationShape): PerLayer {
  return meanOverHeads(scores, shape, (start, length) => cosine(scores, others, start, length));
}

/**
 * SimAM of the updates (Deutch et al.): cos(m_ICL - m_ZSL, m_FT - m_ZSL) for every head, then the
 * mean over heads. Heads with an update that is rounding (at most 3e-5 of |m_ZSL|) are left out;
 * null if all are. In the first layer of a model with rotary positions that is every head: m_ICL -
 * m_ZSL is zero there up to rounding.
 */
export function simAMDelta(
  scores: { readonly zeroShot: Float32Array; readonly inContext: Float32Array; readonly finetuned: Float32Array },
  shape: ObservationShape,
): PerLayer {
  const { zeroShot, inContext, finetuned } = scores;
  return meanOverHeads(zeroShot, shape, (start, length) =>
    cosineOfUpdates(inContext, finetuned, zeroShot, start, length),
  );
}

function meanOverHeads(
  scores: Float32Array,
  { layers, heads }: ObservationShape,
  ofHead: (start: number, length: number) => number | null,
): PerLayer {
  const tokens = scores.length / (layers * heads);
  return Array.from({ length: layers }, (_, layer) => {
    let sum = 0;
    let defined = 0;
    for (let head = 0; head < heads; head++) {
      const value = ofHead((layer * heads + head) * tokens, tokens);
      if (value === null) continue;
      sum += value;
      defined++;
    }
    return defined === 0 ? null : sum / defined;
  });
}
