import type { AddedId } from '../definition.ts';

/** A request to the child process with the Rust library. */
export type Request =
  | { readonly kind: 'open'; readonly key: number; readonly json: string; readonly addedTokens: readonly AddedId[] }
  | { readonly kind: 'encode'; readonly key: number; readonly texts: readonly string[]; readonly pieces: boolean }
  | { readonly kind: 'decode'; readonly key: number; readonly ids: readonly number[] }
  | { readonly kind: 'id'; readonly key: number; readonly token: string }
  /** Has no reply. */
  | { readonly kind: 'forget'; readonly key: number };

export interface Answers {
  readonly open: { readonly kind: 'open' };
  readonly encode: {
    readonly kind: 'encode';
    /** Of all texts, concatenated. */
    readonly ids: Int32Array;
    /** Tokens of each text. */
    readonly lengths: Int32Array;
    /** Of all texts; empty unless requested. */
    readonly pieces: readonly string[];
  };
  readonly decode: { readonly kind: 'decode'; readonly text: string };
  readonly id: { readonly kind: 'id'; readonly id: number | undefined };
}

/** Requests that have a reply. */
export type RequestWithReply = Exclude<Request, { kind: 'forget' }>;

export type Reply =
  | Answers[keyof Answers]
  /** The library refused; `at` is the index of the text that it cannot encode. */
  | { readonly kind: 'refused'; readonly message: string; readonly at?: number }
  /** No tokenizer has this key: the process was restarted after the tokenizer was opened. */
  | { readonly kind: 'unknown' }
  /** The library does not load on this system. */
  | { readonly kind: 'unusable'; readonly message: string }
  /** The process ended before it answered. */
  | { readonly kind: 'crash'; readonly cause: string; readonly stderr: string };
