import { UserError } from '../error.ts';
import { decodeText } from '../files/decode-text.ts';
import { withFile } from '../files/file-bytes.ts';
import type { Tokenizer } from './definition.ts';
import { FAIRSEQ_SPECIAL, FAIRSEQ_UNKNOWN, parseFairseqDictionary } from './fairseq-dictionary.ts';
import { gpt2Json } from './gpt2.ts';
import { nativeTokenizer } from './native/native-tokenizer.ts';
import { defineTokenizer } from './tokenizer-json.ts';

// The published dictionaries take 600 kB.
const MAX_DICTIONARY_BYTES = 64 << 20;
const GPT2_TOKENS = 50257;

/**
 * The tokenizer of fairseq's language models: text becomes GPT-2 tokens, whose ids `dict.txt` maps
 * to the model's own. `<s>` is 0, `<pad>` 1, `</s>` 2, `<unk>` 3 (also for tokens that the
 * dictionary lacks); these are matched in a text as a whole.
 *
 * @throws UserError when the dictionary cannot be read or is not a dictionary over GPT-2 byte pairs
 */
export async function openFairseqTokenizer(file: string): Promise<Tokenizer> {
  const text = await readDictionary(file);
  const { symbols, idOfGpt2, gpt2OfId } = parseFairseqDictionary(file, text);
  const identity = `fairseq dictionary over GPT-2 byte pairs\n${text}`;
  const gpt2 = nativeTokenizer(defineTokenizer(file, identity, await gpt2Json(FAIRSEQ_SPECIAL)));
  const outer = (id: number) => (id < GPT2_TOKENS ? idOfGpt2[id]! : id - GPT2_TOKENS);
  const inner = (id: number) => (id < FAIRSEQ_SPECIAL.length ? GPT2_TOKENS + id : gpt2OfId[id]!);
  const idOfSymbol = new Map<string, number>(FAIRSEQ_SPECIAL.map((token, id) => [token, id]));
  symbols.forEach((symbol, id) => {
    if (gpt2OfId[id]! < 0 && !idOfSymbol.has(symbol)) idOfSymbol.set(symbol, id);
  });

  const decode = (ids: readonly number[]): string => {
    let result = '';
    let run: number[] = [];
    const finishRun = (): void => {
      result += gpt2.decode(run);
      run = [];
    };
    for (const id of ids) {
      const symbol = symbols[id];
      if (symbol === undefined) {
        throw new UserError(`token id ${id} is not in the vocabulary of ${file} (${symbols.length} ids)`);
      }
      const token = inner(id);
      if (token >= 0) run.push(token);
      else {
        finishRun();
        result += symbol;
      }
    }
    finishRun();
    return result;
  };
  const tokenId = (token: string): number | undefined => {
    const symbol = idOfSymbol.get(token);
    if (symbol !== undefined) return symbol;
    const id = gpt2.tokenId(token);
    if (id === undefined || idOfGpt2[id] === FAIRSEQ_UNKNOWN) return undefined;
    return idOfGpt2[id];
  };
  return {
    digest: gpt2.digest,
    vocabularySize: symbols.length,
    encode: input => gpt2.encode(input).map(outer),
    encodeAll: inputs => gpt2.encodeAll(inputs).map(ids => ids.map(outer)),
    tokenize: inputs => gpt2.tokenize(inputs).map(({ tokens, pieces }) => ({ tokens: tokens.map(outer), pieces })),
    decode,
    tokenId,
  };
}

function readDictionary(file: string): Promise<string> {
  return withFile(file, async (handle, size) => {
    if (size > MAX_DICTIONARY_BYTES) {
      throw new UserError(`${file}: ${size} bytes, ${MAX_DICTIONARY_BYTES} are allowed; give fairseq's dict.txt`);
    }
    return decodeText(file, await handle.readFile());
  });
}
