export type { Definition, Encoder } from './definition.ts';
export { gpt2TokenizerJson } from './gpt2-tokenizer.ts';
export { javaScriptEncoder } from './javascript/javascript-encoder.ts';
export { openTokenizer, type TokenizedText, type Tokenizer } from './tokenizer.ts';
export { readTokenizerJson } from './tokenizer-json.ts';
export { LARGEST_VOCABULARY, SMALLEST_VOCABULARY, trainTokenizer } from './train-tokenizer.ts';
