/**
 * @file What Dai et al. found with momentum attention: Tables 6 and 7 of "Why Can GPT Learn
 * In-Context?" (Findings of ACL 2023, arXiv:2212.10559, version 3), language models of 350 million
 * parameters trained from scratch on sequences of 1024 tokens. The paper does not tell eta, nor any
 * spread over seeds.
 */

export interface PaperTable {
  readonly number: 6 | 7;
  readonly columns: readonly string[];
  readonly transformer: readonly number[];
  readonly momentum: readonly number[];
}

/** Perplexity. */
export const PAPER_PERPLEXITY: PaperTable = {
  number: 6,
  columns: ['training, 1024 tokens', 'validation, 256', 'validation, 512', 'validation, 1024'],
  transformer: [17.61, 19.5, 16.87, 15.14],
  momentum: [17.55, 19.37, 16.73, 15.02],
};

/** Accuracy in percent after up to 32 demonstrations. */
export const PAPER_ACCURACY: PaperTable = {
  number: 7,
  columns: ['SST5', 'IMDB', 'MR', 'CB', 'ARC-E', 'PIQA', 'average'],
  transformer: [25.3, 64.0, 61.2, 43.9, 48.2, 68.7, 51.9],
  momentum: [27.4, 70.3, 64.8, 46.8, 50.0, 69.0, 54.7],
};
