export { gpt2TokenizerJson } from './gpt2-tokenizer.ts';
export { openTokenizer, type Tokenizer } from './tokenizer.ts';
export { LARGEST_VOCABULARY, SMALLEST_VOCABULARY, trainTokenizer } from './train-tokenizer.ts';
