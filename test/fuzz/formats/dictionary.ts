import { decodeText } from '../../../src/files/decode-text.ts';
import { parseFairseqDictionary } from '../../../src/tokenizer/fairseq-dictionary.ts';
import { format } from '../format.ts';
import { mutateLines } from '../mutate-bytes.ts';

const whole = Buffer.from(
  `${['464 850314647', '13 846186430', '318 5', '257 4 #fairseq:overwrite', '262 4', '50256 1', 'madeupword0000 0', '<mask> 0'].join('\n')}\n`,
);
const STRANGE = [
  '464 1',
  '464 1 #fairseq:overwrite',
  '50257 1',
  '99999999 1',
  '-1 1',
  '01 1',
  '1.5 1',
  '12',
  '12 ',
  ' 12 1',
  '12  1',
  '12\t1',
  '12 1 1',
  '12 x',
  '12 1e3',
  '12 -1',
  '12 99999999999999999999',
  '<s> 1',
  '<unk> 1',
  'film 3',
  '\u0000 1',
  `${'9'.repeat(300)} 1`,
  '１２ 1',
  '12\u00a01',
  '#fairseq:overwrite',
];

/**
 * `Dictionary.add_from_file` of fairseq: the ids of the symbols; repeated ones are refused unless
 * they overwrite.
 */
function strictSymbols(text: string): readonly string[] {
  const symbols = ['<s>', '<pad>', '</s>', '<unk>'];
  for (const whole of text.split(/\r\n|\r|\n/).slice(0, /[\r\n]$/.test(text) ? -1 : undefined)) {
    const line = whole.trimEnd();
    const overwrite = line.endsWith(' #fairseq:overwrite');
    const entry = overwrite ? line.slice(0, line.lastIndexOf(' ')) : line;
    const cut = entry.lastIndexOf(' ');
    if (cut < 0 || !/^[+-]?\d+$/.test(entry.slice(cut + 1).trim()))
      throw new Error(`${JSON.stringify(line)} is no symbol and count`);
    const symbol = entry.slice(0, cut);
    if (symbols.includes(symbol) && !overwrite) throw new Error(`${symbol} appears twice`);
    symbols.push(symbol);
  }
  return symbols;
}

export const dictionary = format({
  name: 'dict.txt',
  mutant: random => mutateLines(whole, random, STRANGE),
  read: bytes => parseFairseqDictionary('dict.txt', decodeText('dict.txt', bytes)),
  strict: (bytes, read) => {
    const symbols = strictSymbols(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (symbols.join() !== read.symbols.join()) throw new Error(`the symbols are ${symbols}`);
    for (const symbol of ['464', '13', '12', '50256']) {
      const id = symbols.includes(symbol) ? symbols.lastIndexOf(symbol) : 3;
      if (read.idOfGpt2[Number(symbol)] !== id)
        throw new Error(`token ${symbol} is ${read.idOfGpt2[Number(symbol)]}, not ${id}`);
    }
  },
});
