import type { Merges } from './byte-pair.ts';
import type { PreTokenizer } from './pre-tokenizer.ts';

/** A token that is looked for in the text before it is split. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

/** What a tokenizer is made from, whichever file it came from. Parts that this room does not read are as in a tokenizer.json. */
export interface Vocabulary {
  readonly file: string;
  /** SHA-256 (hex) over everything that decides the ids. */
  readonly digest: string;
  readonly addedTokens: readonly AddedToken[];
  readonly normalizer: unknown;
  readonly preTokenizer: PreTokenizer | null;
  readonly decoder: unknown;
  readonly model: BytePairModel | OtherModel;
}

/** Byte-pair encoding over a token table. */
export interface BytePairModel extends Merges {
  readonly kind: 'byte-pair';
  /** Text for characters that are no token; without it they are left out. */
  readonly unknown: string | null;
  /** Characters that are no token become `<0x..>` tokens. */
  readonly byteFallback: boolean;
}

/** Anything else that the library can read, as it stands in the file. */
interface OtherModel {
  readonly kind: 'other';
  readonly json: Readonly<Record<string, unknown>> & { readonly type: string };
}
