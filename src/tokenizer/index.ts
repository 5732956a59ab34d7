export type { Definition, Encoder } from './definition.ts';
export { gpt2TokenizerJson } from './gpt2.ts';
export { javaScriptEncoder } from './javascript/javascript-encoder.ts';
export { readTokenizerJson } from './read-tokenizer-json.ts';
export { openTokenizer, type TokenizedText, type Tokenizer } from './tokenizer.ts';
export { LARGEST_VOCABULARY, SMALLEST_VOCABULARY, trainTokenizer } from './train-tokenizer.ts';
