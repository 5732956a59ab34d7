import { UserError } from '../error.ts';

/** The first ids of every fairseq dictionary; its file does not list them. */
export const FAIRSEQ_SPECIAL = ['<s>', '<pad>', '</s>', '<unk>'] as const;
export const FAIRSEQ_UNKNOWN = 3;

/** Ids of GPT-2 are below this. */
const GPT2_TOKENS = 50257;
// The published dictionaries have about fifty thousand lines.
const MAX_SYMBOLS = 1_000_000;
const OVERWRITE = ' #fairseq:overwrite';

/** A dictionary of fairseq over the byte pairs of GPT-2. */
export interface FairseqDictionary {
  /**
   * By id. A symbol that is the decimal id of a GPT-2 token means that token; others
   * (`madeupword0000`) mean no text.
   */
  readonly symbols: readonly string[];
  /** By GPT-2 id; `<unk>` if the dictionary does not have the token. */
  readonly idOfGpt2: Int32Array;
  /** GPT-2 id by id; -1 for other symbols. */
  readonly gpt2OfId: Int32Array;
}

/**
 * Reads a `dict.txt`: a line `symbol count` for each id from 4 on. `#fairseq:overwrite` at the end
 * of a line allows its symbol to be repeated; the later one counts.
 *
 * @throws UserError when a line has another form, a symbol occurs twice, or symbols are words
 * instead of GPT-2 ids
 */
export function parseFairseqDictionary(file: string, text: string): FairseqDictionary {
  const symbols: string[] = [...FAIRSEQ_SPECIAL];
  const known = new Set<string>(symbols);
  const gpt2: number[] = symbols.map(() => -1);
  const idOfGpt2 = new Int32Array(GPT2_TOKENS).fill(FAIRSEQ_UNKNOWN);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > MAX_SYMBOLS) throw new UserError(`${file}: ${lines.length} lines, ${MAX_SYMBOLS} are allowed`);
  for (const [i, whole] of lines.entries()) {
    const fail = (what: string): never => {
      throw new UserError(`${file}: line ${i + 1} (${JSON.stringify(whole.slice(0, 60))}) ${what}`);
    };
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    const overwrites = line.endsWith(OVERWRITE);
    const entry = overwrites ? line.slice(0, -OVERWRITE.length) : line;
    const symbol = /^([^\s]{1,200}) \d{1,16}$/.exec(entry)?.[1];
    if (symbol === undefined) return fail('is not a symbol and its count');
    if (known.has(symbol) && !overwrites) fail('repeats a symbol of an earlier line; fetch dict.txt again');
    known.add(symbol);
    const token = gpt2Token(symbol);
    if (token === undefined) return fail('is no id of a GPT-2 token; only dictionaries over GPT-2 byte pairs are read');
    if (token >= 0) idOfGpt2[token] = symbols.length;
    gpt2.push(token);
    symbols.push(symbol);
  }
  if (!gpt2.some(token => token >= 0)) throw new UserError(`${file}: names no token of GPT-2; give fairseq's dict.txt`);
  return { symbols, idOfGpt2, gpt2OfId: Int32Array.from(gpt2) };
}

/** The GPT-2 id in a symbol; -1 for padding rows and special tokens; else undefined. */
function gpt2Token(symbol: string): number | undefined {
  if (/^(?:0|[1-9]\d{0,4})$/.test(symbol) && Number(symbol) < GPT2_TOKENS) return Number(symbol);
  return /^(?:madeupword\d+|<[^<>]+>)$/.test(symbol) ? -1 : undefined;
}
