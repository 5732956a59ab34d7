import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenizerSource } from '../../checkpoint/checkpoint.ts';
import { UserError } from '../../error.ts';
import { fileError } from '../../files/file-bytes.ts';
import { DEFAULT_MODEL } from '../../run/options.ts';
import { parseJsonLines } from '../../task/rows/json-lines.ts';
import { openTokenizer, type TokenizedText } from '../../tokenizer/tokenizer.ts';
import { formatTable } from '../format/table.ts';
import { CommandError } from '../options/command-error.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import { readInput } from '../terminal/read-file.ts';
import { openModel, tokenizerFor } from '../with-model.ts';
import type { TokenizeOptions } from './options.ts';

export async function perform({ options }: Given<TokenizeOptions>, io: Io): Promise<void> {
  const { model, tokenizer, text, file } = options;
  if (model !== undefined && tokenizer !== undefined) throw either('model', 'tokenizer');
  if ((text === undefined) === (file === undefined)) throw either('text', 'file');
  const opened =
    tokenizer === undefined
      ? await tokenizerFor(await openModel({ model: model ?? DEFAULT_MODEL }, io), 'text')
      : await openTokenizer(await sourceOf(tokenizer));
  const texts = opened.tokenize(text === undefined ? await readTexts(file!) : [text]);
  io.answer({ schema: 'dualform.tokenize/1', texts }, () => texts.map(format).join('\n\n'));
}

function either(one: string, other: string): CommandError {
  return new CommandError(`give one of --${one} and --${other}`, 2);
}

async function sourceOf(path: string): Promise<TokenizerSource> {
  if (path.toLowerCase().endsWith('.gguf')) return { kind: 'gguf', file: path };
  try {
    const isFolder = (await stat(path)).isDirectory();
    return { kind: 'tokenizer.json', file: isFolder ? join(path, 'tokenizer.json') : path };
  } catch (error) {
    throw fileError(path, error, '; `tokenizer` is a tokenizer.json, a folder that holds one, or a .gguf file');
  }
}

async function readTexts(file: string): Promise<readonly string[]> {
  return parseJsonLines(file, await readInput(file)).map(({ values: { text }, where }) => {
    if (typeof text === 'string') return text;
    throw new UserError(`${where}: needs a "text", as in {"text": "..."}`);
  });
}

function format({ tokens, pieces }: TokenizedText): string {
  const rows = tokens.map((id, i) => [String(id), JSON.stringify(pieces[i])]);
  return formatTable(['id', 'piece'], rows, { align: ['right'] });
}
