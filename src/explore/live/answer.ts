/** @file What Live computes. Letters: L layers, H heads, P tokens of the prefix, T tokens of the query. */
import type { PerLayer } from '../../metric/per-layer.ts';
import type { SettingName } from '../../setting/setting-name.ts';

/** A token as the page shows it. */
export interface Piece {
  /** Its name in the vocabulary. */
  readonly piece: string;
  readonly part: 'start' | 'text' | 'label' | 'separator' | 'query';
  /** The demonstration that it belongs to, from 0. */
  readonly demonstration?: number;
}

export interface SettingAnswer {
  readonly name: SettingName;
  /** Of each label word, in nats; the mean over the tokens of a longer word. */
  readonly logProbabilities: readonly number[];
}

/** Cosine of the in-context update and the finetuned one, layer by layer, for other in-context updates too. */
export interface Updates {
  /** cos(h_ICL - h_ZSL, h_FT - h_ZSL) */
  readonly cosine: PerLayer;
  /** The same of other in-context updates; absent where there is none, with `why`. */
  readonly nulls: readonly { readonly name: string; readonly cosine?: PerLayer; readonly why?: string }[];
  /** |h_ICL - h_ZSL| / |h_ZSL| in each layer. */
  readonly inContextSize: readonly number[];
  /** |h_FT - h_ZSL| / |h_ZSL| in each layer. */
  readonly finetunedSize: readonly number[];
}

/** How the last token of the query attends in context: weights of each layer and head, which sum to 1. */
export interface Attention {
  readonly layers: number;
  readonly heads: number;
  /** [L, H, P + T] */
  readonly weights: Float32Array;
  /** Of the P + T tokens. */
  readonly pieces: readonly Piece[];
}

/** Parts arrive one after the other. */
export interface LiveAnswer {
  readonly settings: readonly SettingAnswer[];
  /** Mean next-token cross-entropy of each demonstration before its step, in nats. */
  readonly losses: readonly number[];
  readonly attention?: Attention;
  readonly updates?: Updates;
}

export interface LiveProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}
