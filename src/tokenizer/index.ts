export { openTokenizer, type Tokenizer } from './tokenizer.ts';
export { LARGEST_VOCABULARY, SMALLEST_VOCABULARY, trainTokenizer } from './train-tokenizer.ts';
