/**
 * @file The child process with the Rust library `tokenizers`. A panic of the library (for a damaged
 * `precompiled_charsmap`, for example) ends its process.
 */
import type { Tokenizer } from 'tokenizers';
import type { Reply, Request, RequestWithReply } from './protocol.ts';

// Ctrl-C in a terminal signals the whole process group; the parent decides what to do.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const PLAIN = { addSpecialTokens: false };
const opened = new Map<number, Tokenizer>();
// If the library does not load on this system, the reply says so instead of a crash.
const loading = import('tokenizers').catch(messageOf);

process.on('message', async (request: Request) => {
  if (request.kind === 'forget') opened.delete(request.key);
  else process.send!(await replyTo(request));
});

async function replyTo(request: RequestWithReply): Promise<Reply> {
  const library = await loading;
  if (typeof library === 'string') return { kind: 'unusable', message: library };
  try {
    if (request.kind === 'open') {
      opened.set(request.key, open(library.Tokenizer, request));
      return { kind: 'open' };
    }
    const tokenizer = opened.get(request.key);
    return tokenizer === undefined ? { kind: 'unknown' } : await execute(tokenizer, request);
  } catch (error) {
    return { kind: 'refused', message: messageOf(error) };
  }
}

function open(
  library: typeof Tokenizer,
  { json, addedTokens }: Extract<RequestWithReply, { kind: 'open' }>,
): Tokenizer {
  const tokenizer = library.fromString(json);
  // A tokenizer.json may contain truncation and padding of batches; here each text is encoded
  // whole.
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  // The library numbers added tokens by itself: as in the vocabulary, or after it.
  for (const { id, content } of addedTokens) {
    const given = tokenizer.tokenToId(content);
    if (given === id || given === null) continue;
    throw new Error(`added token ${JSON.stringify(content)} has id ${id}, but must have ${given} with this vocabulary`);
  }
  return tokenizer;
}

async function execute(tokenizer: Tokenizer, request: Exclude<RequestWithReply, { kind: 'open' }>): Promise<Reply> {
  switch (request.kind) {
    case 'encode':
      return encode(tokenizer, request.texts, request.pieces);
    case 'decode': {
      const foreign = request.ids.find(id => tokenizer.idToToken(id) === null);
      if (foreign !== undefined) return { kind: 'refused', message: `token id ${foreign} is not in the vocabulary` };
      return { kind: 'decode', text: await tokenizer.decode([...request.ids], false) };
    }
    case 'id':
      return { kind: 'id', id: tokenizer.tokenToId(request.token) ?? undefined };
  }
}

async function encode(tokenizer: Tokenizer, texts: readonly string[], withPieces: boolean): Promise<Reply> {
  try {
    const encodings = await tokenizer.encodeBatch([...texts], PLAIN);
    const ids = encodings.map(encoding => encoding.getIds());
    return {
      kind: 'encode',
      ids: Int32Array.from(ids.flat()),
      lengths: Int32Array.from(ids, ({ length }) => length),
      pieces: withPieces ? encodings.flatMap(encoding => encoding.getTokens()) : [],
    };
  } catch (error) {
    for (const [at, text] of texts.entries()) {
      const failed = await tokenizer.encode(text, null, PLAIN).then(() => undefined, messageOf);
      if (failed !== undefined) return { kind: 'refused', message: failed, at };
    }
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
