import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../error.ts';
import { fileError } from '../files/file-bytes.ts';

/** Texts to train on. */
export interface Corpus {
  /** Names of its files. */
  readonly name: string;
  /** SHA-256 (hex) over everything that decides the documents. */
  readonly digest: string;
  readonly documents: readonly string[];
}

/** A corpus or a part of it. */
export interface Part extends Corpus {
  /** As shares of its characters. */
  readonly part: readonly [from: number, to: number];
}

export interface CorpusOptions {
  /**
   * A line of exactly this text separates documents and belongs to none; without it each file is
   * one document.
   */
  readonly separator?: string | undefined;
}

/** Corpora inside the package, by name. */
const EMBEDDED_CORPORA: Readonly<Record<string, string>> = {
  tinyshakespeare: fileURLToPath(new URL('../../data/tinyshakespeare/all.txt', import.meta.url)),
};

export const DEFAULT_CORPUS = 'tinyshakespeare';

/** What a string can hold in every version of Node, in bytes of a text of one byte a letter. */
const MAX_FILE_BYTES = 500_000_000;

/**
 * Reads text files, in the order given, and the `.txt` files below folders, by path.
 * `tinyshakespeare` is the corpus inside the package. Texts must be UTF-8; a byte order mark is
 * removed. Documents of white space only are skipped.
 *
 * @throws UserError when a file cannot be read or is not UTF-8, a folder has no texts, or the
 * corpus has no documents
 */
export async function readCorpus(sources: readonly string[], { separator }: CorpusOptions = {}): Promise<Corpus> {
  const files = (await Promise.all(sources.map(textFiles))).flat();
  const hash = createHash('sha256').update(JSON.stringify({ separator: separator ?? null }));
  const documents: string[] = [];
  for (const file of files) {
    const bytes = await readBytes(file);
    hash.update(createHash('sha256').update(bytes).digest());
    for (const text of splitDocuments(decodeStrictly(file, bytes), separator)) {
      if (text.trim() !== '') documents.push(text);
    }
  }
  const name = sources.map(source => basename(source)).join(', ');
  if (documents.length === 0)
    throw new UserError(`the corpus ${name} is empty`, { remedy: 'give files that hold text as `corpus`' });
  return { name, digest: hash.digest('hex'), documents };
}

async function textFiles(source: string): Promise<readonly string[]> {
  const embedded = EMBEDDED_CORPORA[source];
  if (embedded !== undefined) return [embedded];
  try {
    if (!(await stat(source)).isDirectory()) return [source];
    const names = await readdir(source, { recursive: true });
    const files = names
      .filter(name => name.endsWith('.txt'))
      .sort()
      .map(name => join(source, name));
    if (files.length > 0) return files;
  } catch (error) {
    throw fileError(source, error, `; \`corpus\` is a text file, a folder of .txt files, or ${DEFAULT_CORPUS}`);
  }
  throw new UserError(`${source}: there is no .txt file in this folder; name the files themselves`);
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) {
      throw new UserError(`${file}: ${size} bytes are too many for one file, ${MAX_FILE_BYTES} at most; split it`);
    }
    return await readFile(file);
  } catch (error) {
    throw fileError(file, error);
  }
}

function decodeStrictly(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(
      `${file}: not UTF-8: byte ${firstForeignByte(bytes)} belongs to no character; convert the file`,
      {
        cause,
      },
    );
  }
}

/**
 * Offset of the first byte that is not UTF-8: where decoding gives a U+FFFD that is not in the
 * file.
 */
function firstForeignByte(bytes: Buffer): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const standing = Buffer.from('\ufffd');
  let offset = 0;
  for (const piece of text.split('\ufffd')) {
    offset += Buffer.byteLength(piece);
    if (!bytes.subarray(offset, offset + standing.length).equals(standing)) break;
    offset += standing.length;
  }
  return offset;
}

function splitDocuments(text: string, separator: string | undefined): string[] {
  if (separator === undefined) return [text];
  const documents: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const next = newline < 0 ? text.length : newline + 1;
    if (text.slice(at, end).replace(/\r$/, '') === separator) {
      documents.push(text.slice(from, at));
      from = next;
    }
    at = next;
  }
  return [...documents, text.slice(from)];
}

/**
 * Cuts off the last part of a corpus: whole documents, and the last lines of the document at the
 * border.
 *
 * @param share of the characters, in (0, 1)
 */
export function splitCorpus(
  documents: readonly string[],
  share: number,
): { readonly training: readonly string[]; readonly validation: readonly string[] } {
  const training: string[] = [];
  const validation: string[] = [];
  let left = Math.round(documents.reduce((sum, { length }) => sum + length, 0) * (1 - share));
  for (const document of documents) {
    const border = left <= 0 ? 0 : document.indexOf('\n', left - 1) + 1 || document.length;
    const [before, behind] = [document.slice(0, border), document.slice(border)];
    if (before.trim() !== '') training.push(before);
    if (behind.trim() !== '') validation.push(behind);
    left -= document.length;
  }
  return { training, validation };
}
