import { z } from 'zod';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { writeSafetensors } from '../../checkpoint/write-safetensors.ts';
import { UserError } from '../../error.ts';
import { computeMemory, emptyMemory } from '../../model/memory.ts';
import { openDecoder } from '../../model/open-decoder.ts';
import { trace } from '../../observe/trace.ts';
import { ofModel } from '../experiment-values.ts';
import { formatTensors } from '../format-tensors.ts';
import type { Io } from '../io.ts';
import { everywhere, list, readOptions, text, tokenIds } from '../option-values.ts';
import { requireFilePlace, requireOutputApart } from '../output-file.ts';
import type { Typed } from '../program.ts';
import { pickTaps } from '../taps.ts';
import { openModel, requireTokens, tokenizerFor, withModel } from '../with-model.ts';

export const schema = z.object({
  ...everywhere,
  ...ofModel,
  tokens: tokenIds().optional(),
  text: text().optional(),
  memoryTokens: tokenIds().optional(),
  memoryText: text().optional(),
  taps: list().optional(),
  out: text(),
});

export async function perform(typed: Typed, io: Io): Promise<void> {
  const options = readOptions(schema, typed.options);
  refuseBoth('tokens', options.tokens, 'text', options.text);
  refuseBoth('memory-tokens', options.memoryTokens, 'memory-text', options.memoryText);
  if (options.tokens === undefined && options.text === undefined) {
    throw new UserError('--tokens or --text is required', { exitCode: 2 });
  }
  await requireFilePlace(options.out);
  const checkpoint = await openModel(options, io);
  await requireOutputApart(options.out, checkpoint);
  const decoder = await openDecoder(checkpoint);
  const picked = pickTaps(options.taps, decoder.layers);
  const tokens = await tokensOf(checkpoint, '--text', options.text, options.tokens);
  const memoryTokens = await tokensOf(checkpoint, '--memory-text', options.memoryText, options.memoryTokens);
  if (tokens.length === 0) throw new UserError('--tokens: at least one token is needed', { exitCode: 2 });
  requireTokens(tokens, decoder, options.text === undefined ? '--tokens' : '--text');
  requireTokens(memoryTokens, decoder, options.memoryText === undefined ? '--memory-tokens' : '--memory-text');
  const length = memoryTokens.length + tokens.length;
  if (length > decoder.context) {
    throw new UserError(`${length} tokens do not fit the context of ${decoder.context}; feed fewer`, { exitCode: 2 });
  }
  const tensors = await withModel(checkpoint, io, async model => {
    const memory =
      memoryTokens.length === 0 ? emptyMemory(decoder) : await computeMemory(model, memoryTokens, model.pretrained);
    return trace(model, { memory, keyValue: model.pretrained }, tokens, name => picked.has(name));
  });
  io.signal.throwIfAborted();
  await writeSafetensors(options.out, tensors);
  const outlines = tensors.map(({ name, shape }) => ({ name, shape }));
  const { name, digest } = checkpoint;
  io.answer({ out: options.out, model: { name, digest }, tokens, memoryTokens, tensors: outlines }, () =>
    [
      `${tokens.length} tokens behind a memory of ${memoryTokens.length}, by ${name}`,
      '',
      formatTensors(outlines),
      '',
      `written to ${options.out}`,
    ].join('\n'),
  );
}

function refuseBoth(one: string, a: unknown, other: string, b: unknown): void {
  if (a !== undefined && b !== undefined) {
    throw new UserError(`--${one} and --${other} exclude each other; give one of them`, { exitCode: 2 });
  }
}

async function tokensOf(
  checkpoint: Checkpoint,
  option: string,
  typed: string | undefined,
  ids: readonly number[] | undefined,
): Promise<readonly number[]> {
  return typed === undefined ? (ids ?? []) : (await tokenizerFor(checkpoint, option)).encode(typed);
}
