import { createHash } from 'node:crypto';
import { UserError } from '../../error.ts';
import type { Definition, TokenizedText, Tokenizer } from '../definition.ts';
import { ask, tell } from './bridge.ts';
import type { Answers, Reply, RequestWithReply } from './protocol.ts';

/** Characters that are encoded together; the library needs about a hundred bytes for each. */
const MOST_CHARACTERS = 1_000_000;

let lastKey = 0;
const forgotten = new FinalizationRegistry<number>(key => tell({ kind: 'forget', key }));

/**
 * A tokenizer by the Rust library `tokenizers`, which runs in a child process. One process serves
 * all tokenizers of a thread.
 *
 * @throws UserError when the library refuses the definition, crashes on it, or does not load on
 * this system
 */
export function nativeTokenizer({ file, identity, json, size, addedTokens }: Definition): Tokenizer {
  const key = ++lastKey;
  const open = (): void => {
    const reply = ask({ kind: 'open', key, json, addedTokens });
    if (reply.kind !== 'open') throw failure(file, reply, 'cannot be opened');
  };
  const answer = <K extends keyof Answers>(
    request: RequestWithReply & { readonly kind: K },
    doing: (at: number) => string,
  ) => {
    let reply = ask(request);
    if (reply.kind === 'unknown') {
      open();
      reply = ask(request);
    }
    if (reply.kind === request.kind) return reply as Reply & { readonly kind: K };
    throw failure(file, reply, doing(reply.kind === 'refused' ? (reply.at ?? 0) : 0));
  };
  const encode = (texts: readonly string[], pieces: boolean): TokenizedText[] =>
    inParts(texts).flatMap(part => {
      const doing = (at: number) => `cannot encode ${quote(part[at] ?? '')}`;
      return divide(answer({ kind: 'encode', key, texts: part, pieces }, doing));
    });
  open();
  const tokenizer: Tokenizer = {
    digest: createHash('sha256').update(identity).digest('hex'),
    vocabularySize: size,
    encode: text => [...encode([text], false)[0]!.tokens],
    encodeAll: texts => encode(texts, false).map(({ tokens }) => [...tokens]),
    tokenize: texts => encode(texts, true),
    decode: ids => {
      const foreign = ids.find(id => !Number.isInteger(id) || id < 0 || id >= size);
      if (foreign === undefined) return answer({ kind: 'decode', key, ids }, () => 'cannot decode').text;
      throw new UserError(`token id ${foreign} is not in the vocabulary of ${file} (${size} ids)`);
    },
    tokenId: token => answer({ kind: 'id', key, token }, () => 'cannot look up a token').id,
  };
  forgotten.register(tokenizer, key);
  return tokenizer;
}

function inParts(texts: readonly string[]): (readonly string[])[] {
  const parts: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    if (length + text.length > MOST_CHARACTERS) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)!.push(text);
    length += text.length;
  }
  return parts;
}

function divide({ ids, lengths, pieces }: Answers['encode']): TokenizedText[] {
  let end = 0;
  return Array.from(lengths, length => {
    const start = end;
    end += length;
    return { tokens: Array.from(ids.subarray(start, end)), pieces: pieces.slice(start, end) };
  });
}

function failure(file: string, reply: Reply, doing: string): Error {
  switch (reply.kind) {
    case 'refused':
      return new UserError(`${file}: ${doing}: ${oneLine(reply.message)}`);
    case 'unusable':
      return new UserError(
        `the library tokenizers does not load on this system (${process.platform} ${process.arch}): ${oneLine(reply.message)}`,
      );
    case 'crash': {
      const reason = panicOf(reply.stderr) ?? reply.cause;
      return new UserError(`${file}: ${doing}: the library tokenizers ended (${reason}); fetch the file again`);
    }
    default:
      return new Error(`${file}: ${doing}: reply ${reply.kind}`);
  }
}

/** The message of a panic, as in "panicked at mod.rs:143:26:\nPrecompiled: ...". */
function panicOf(stderr: string): string | undefined {
  const said = /panicked at [^\n]*\n([^\n]+)/.exec(stderr)?.[1];
  return said && oneLine(said);
}

function oneLine(message: string): string {
  return message.trim().replaceAll(/\s+/g, ' ');
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
