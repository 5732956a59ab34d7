/** A token that is looked for in the text before it is split. */
export interface AddedId {
  readonly id: number;
  readonly content: string;
}

/** A tokenizer in the words of a `tokenizer.json`, whichever file it came from. */
export interface Definition {
  /** Where it came from, for messages. */
  readonly file: string;
  /** SHA-256 (hex) over everything that decides the ids. */
  readonly digest: string;
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
  /** What each token is called in the vocabulary, `Ġfilm` or `▁film`; an unknown text of a Unigram model stands as it is. */
  readonly pieces: readonly string[];
}

/** Text to token ids. No token is added that was not asked for; special tokens in the text are recognised. */
export interface Encoder {
  /** SHA-256 (hex) over everything that decides the ids. */
  readonly digest: string;
  /** The largest id + 1. */
  readonly vocabularySize: number;
  /**
   * An unpaired surrogate is read as U+FFFD. What the vocabulary has no token for is left out where it has no unknown
   * token either, as in the Rust library.
   *
   * @throws UserError when the tokenizer has an unknown token that is not in its vocabulary, and needs it
   */
  encode(text: string): number[];
  /** As `encode` of each text; takes less time than one call a text. */
  encodeAll(texts: readonly string[]): number[][];
  /** As `encodeAll`, with the names of the tokens. */
  tokenize(texts: readonly string[]): TokenizedText[];
  /** The id of a token by its exact text in the vocabulary, special tokens included. */
  tokenId(token: string): number | undefined;
}

/** Text to token ids and back. */
export interface Tokenizer extends Encoder {
  /** Special tokens included; bytes that are no UTF-8 become U+FFFD. @throws UserError when an id is no token. */
  decode(ids: readonly number[]): string;
}
