import type { Decoder } from '../../model/decoder.ts';

/**
 * The attention weights of one token over P tokens of a prefix and T own tokens, itself the last:
 *
 *     softmax over [prefix; own] of the scaled scores, [L, H, P + T]
 *
 * A layer with a window sees its last tokens only.
 *
 * @param prefixScores [L, H, P]
 * @param ownScores [L, H, T]
 */
export function attentionWeights(
  { layers, heads, window }: Pick<Decoder, 'layers' | 'heads' | 'window'>,
  prefixScores: Float32Array,
  ownScores: Float32Array,
): Float32Array {
  const rows = layers * heads;
  const [P, T] = [prefixScores.length / rows, ownScores.length / rows];
  const weights = new Float32Array(rows * (P + T));
  for (let row = 0; row < rows; row++) {
    const own = weights.subarray(row * (P + T), (row + 1) * (P + T));
    own.set(prefixScores.subarray(row * P, (row + 1) * P));
    own.set(ownScores.subarray(row * T, (row + 1) * T), P);
    const recent = window?.(Math.floor(row / heads)) ?? Number.POSITIVE_INFINITY;
    const first = Math.max(0, P + T - recent);
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = first; i < own.length; i++) largest = Math.max(largest, own[i]!);
    let sum = 0;
    for (let i = first; i < own.length; i++) sum += Math.exp(own[i]! - largest);
    for (let i = 0; i < own.length; i++) own[i] = i < first ? 0 : Math.exp(own[i]! - largest) / sum;
  }
  return weights;
}
