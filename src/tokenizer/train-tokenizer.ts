import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childModule } from '../child-module.ts';
import { UserError } from '../error.ts';
import { fileError } from '../files/file-bytes.ts';
import { toByteCharacters } from './byte-alphabet.ts';
import { bytePairJson, type Merge, prettyText } from './byte-pair-json.ts';
import { END_OF_TEXT } from './gpt2.ts';

/** `<|endoftext|>` and the 256 bytes. */
export const SMALLEST_VOCABULARY = 257;
/** The limit of the library. */
export const LARGEST_VOCABULARY = 30_000;

/**
 * A tokenizer of byte pairs that splits text as GPT-2 does, trained on texts (Sennrich et al. 2016,
 * Radford et al. 2019), as the text of a `tokenizer.json`. Ids: 0 is `<|endoftext|>`, then come the
 * 256 bytes, then the merges in order: each step merges the most frequent pair. A text with too few
 * different pairs gives a smaller vocabulary.
 *
 * @param vocabulary tokens in all, 257 to 30,000
 * @throws UserError when `vocabulary` is out of range, the disk refuses, or the library does not
 * load on this system
 */
export async function trainTokenizer(
  texts: Iterable<string>,
  { vocabulary, signal }: { readonly vocabulary: number; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  if (!Number.isInteger(vocabulary) || vocabulary < SMALLEST_VOCABULARY || vocabulary > LARGEST_VOCABULARY) {
    throw new UserError(
      `must be from ${SMALLEST_VOCABULARY} to ${LARGEST_VOCABULARY}, the tokens that can be trained here`,
      { option: 'vocabulary', value: vocabulary, remedy: 'give a larger one as `tokenizer`' },
    );
  }
  return tokenizerJson(await learnMerges(texts, signal), vocabulary);
}

/**
 * All merges, best first. The library stops at 30,000 tokens; the first merges do not depend on the
 * limit.
 */
async function learnMerges(texts: Iterable<string>, signal: AbortSignal | undefined): Promise<readonly Merge[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dualform-tokenizer-'));
  try {
    const [text, saved] = [join(folder, 'texts.txt'), join(folder, 'tokenizer.json')];
    await writeLines(text, texts);
    const trainer = childModule('byte-pair-trainer', import.meta.url);
    const typed = [...trainer.execArgv, trainer.file, text, saved];
    await promisify(execFile)(process.execPath, typed, { signal }).catch((cause: Error) => {
      signal?.throwIfAborted();
      const [reason] = /^Error: .*$/m.exec(cause.message) ?? [cause.message];
      throw new UserError(`the tokenizer could not be trained: ${reason}`, {
        remedy: 'give one as `tokenizer`',
        cause,
      });
    });
    const { model } = JSON.parse(await readFile(saved, 'utf8')) as { model: { merges: readonly Merge[] } };
    return model.merges;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeLines(file: string, texts: Iterable<string>): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for (const text of texts) await handle.writeFile(text.endsWith('\n') ? text : `${text}\n`);
  } catch (error) {
    throw fileError(file, error);
  } finally {
    await handle.close();
  }
}

function tokenizerJson(learned: readonly Merge[], vocabulary: number): string {
  const bytes = Array.from({ length: 256 }, (_, byte) => toByteCharacters(Uint8Array.of(byte))).sort();
  const tokens = new Set([END_OF_TEXT, ...bytes]);
  const merges: Merge[] = [];
  for (const merge of learned) {
    if (tokens.size === vocabulary) break;
    // Two merges may give the same token: ab + c, a + bc.
    tokens.add(merge.join(''));
    merges.push(merge);
  }
  const vocab = [...tokens].map((token, id) => [token, id] as const);
  return prettyText(bytePairJson({ vocab, merges, addedTokens: [{ id: 0, content: END_OF_TEXT, special: true }] }));
}
