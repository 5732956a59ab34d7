import { scoresOfAll } from '../model/attention.ts';
import type { Decoder } from '../model/decoder.ts';
import { fedInputs, tokenFeeds } from '../model/feeds.ts';
import { forward, perLayer } from '../model/forward.ts';
import type { LoadedModel, ModelGraph, Projections } from '../model/loaded-model.ts';
import { names } from '../model/names.ts';
import { type Prefix, requireSamePositions } from '../model/prefix.ts';

export interface TraceTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * One forward pass over T tokens after a prefix of P tokens, which may be 0, with everything read:
 * logits [T, V], and for each layer N layers.N.attention_output [T, D], layers.N.attention_scores
 * [H, T, P+T] scaled, before mask and softmax, with NaN where the mask hides, and layers.N.query
 * [T, H*dh] scaled, after position embedding.
 *
 * @param pick names of the tensors to read; all if absent
 */
export async function trace(
  model: LoadedModel,
  { prefix, projections }: { readonly prefix: Prefix; readonly projections: Projections },
  tokens: readonly number[],
  pick: (name: string) => boolean = () => true,
): Promise<readonly TraceTensor[]> {
  const { runtime, decoder } = model;
  requireSamePositions(decoder, prefix.tokens.length + tokens.length);
  const session = await model.session(traceGraph);
  const { fetched } = await runtime.run(session, {
    doing: `tracing ${tokens.length} tokens`,
    feeds: fedInputs(session, { ...projections, ...prefix.feeds, ...tokenFeeds(tokens, prefix.tokens.length) }),
    fetch: session.outputs.filter(pick),
  });
  return Object.entries(fetched).map(([name, { dims, data }]) => {
    const isScores = name.endsWith('.attention_scores');
    return isScores
      ? visibleScores(name, data as Float32Array, decoder, tokens.length, prefix.tokens.length)
      : { name, shape: dims, data: data as Float32Array };
  });
}

/** Drops the zero token of an empty prefix, and sets scores that the mask hides to NaN. */
function visibleScores(
  name: string,
  scores: Float32Array,
  { heads, window }: Decoder,
  T: number,
  P: number,
): TraceTensor {
  const recent = window?.(Number(name.split('.')[1])) ?? Number.POSITIVE_INFINITY;
  const stored = scores.length / heads / T;
  const skipped = stored - (P + T);
  const data = new Float32Array(heads * T * (P + T));
  for (let row = 0; row < heads * T; row++) {
    const last = P + (row % T);
    for (let column = 0; column < P + T; column++) {
      data[row * (P + T) + column] =
        column <= last && column > last - recent ? scores[row * stored + skipped + column]! : Number.NaN;
    }
  }
  return { name, shape: [heads, T, P + T], data };
}

/**
 * One sequence of T tokens after a prefix -> logits [T, V] and for every layer N and row
 * layers.N.attention_output [T, D], .attention_scores [H, T, P+T] before the mask, .query [T,
 * H*dh].
 */
export const traceGraph: ModelGraph = {
  name: 'trace',
  outputs: decoder => {
    const pass = forward(decoder, 'one', true);
    const taps = perLayer(pass, ({ attention, qkv, keys, attentionOutput }, n) => ({
      [names.attentionOutput(n)]: attentionOutput,
      [names.attentionScores(n)]: scoresOfAll(decoder, qkv.query, attention.key, pass.prefix[n]!.key, keys),
      [names.query(n)]: qkv.query,
    }));
    return { ...taps, [names.logits]: pass.logits(pass.hidden) };
  },
};
