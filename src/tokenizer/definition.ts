/** A token that is matched in the text before splitting. */
export interface AddedId {
  readonly id: number;
  readonly content: string;
}

/** A tokenizer as the content of a `tokenizer.json`, from any kind of file. */
export interface Definition {
  /** Where it came from, for messages. */
  readonly file: string;
  /** Everything that decides the ids: the digest of a tokenizer is the SHA-256 of it. */
  readonly identity: string | Uint8Array;
  /** The text of a `tokenizer.json`. */
  readonly json: string;
  /** The largest id + 1. */
  readonly size: number;
  readonly addedTokens: readonly AddedId[];
}

/** A text as tokens. */
export interface TokenizedText {
  /** Token ids. */
  readonly tokens: readonly number[];
  /**
   * The name of each token in the vocabulary, `Ġfilm` or `▁film`; an unknown text of a Unigram
   * model is its own name.
   */
  readonly pieces: readonly string[];
}

/** Text to token ids. No token is added; special tokens in the text are recognised. */
export interface Encoder {
  /** SHA-256 (hex) over everything that decides the ids. */
  readonly digest: string;
  /** The largest id + 1. */
  readonly vocabularySize: number;
  /**
   * An unpaired surrogate becomes U+FFFD. Text without a token is left out if the vocabulary has no
   * unknown token, as in the Rust library.
   *
   * @throws UserError when the unknown token is needed and not in the vocabulary
   */
  encode(text: string): number[];
  /** As `encode` for each text; faster than one call per text. */
  encodeAll(texts: readonly string[]): number[][];
  /** As `encodeAll`, with the names of the tokens. */
  tokenize(texts: readonly string[]): TokenizedText[];
  /** The id of a token by its exact text in the vocabulary, special tokens included. */
  tokenId(token: string): number | undefined;
}

/** Text to token ids and back. */
export interface Tokenizer extends Encoder {
  /**
   * Special tokens included; bytes that are not UTF-8 become U+FFFD.
   *
   * @throws UserError when an id is not a token.
   */
  decode(ids: readonly number[]): string;
}
