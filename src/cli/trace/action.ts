import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { writeSafetensors } from '../../checkpoint/sources/write-safetensors.ts';
import { UserError } from '../../error.ts';
import { openDecoder } from '../../model/open-decoder.ts';
import { computePrefix, emptyPrefix } from '../../model/prefix.ts';
import { trace } from '../../observe/trace.ts';
import { formatTensors } from '../format/tensors.ts';
import { CommandError } from '../options/command-error.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import { requireFilePlace, requireOutputApart } from '../terminal/output-file.ts';
import { openModel, requireTokens, tokenizerFor, withModel } from '../with-model.ts';
import type { TraceOptions } from './options.ts';
import { pickTaps } from './taps.ts';

export async function perform({ options }: Given<TraceOptions>, io: Io): Promise<void> {
  refuseBoth('tokens', options.tokens, 'text', options.text);
  refuseBoth('prefix-tokens', options.prefixTokens, 'prefix-text', options.prefixText);
  if (options.tokens === undefined && options.text === undefined) {
    throw new CommandError('--tokens or --text is required', 2);
  }
  await requireFilePlace(options.out);
  const checkpoint = await openModel(options, io);
  await requireOutputApart(options.out, checkpoint);
  const decoder = await openDecoder(checkpoint);
  const picked = pickTaps(options.taps, decoder.layers);
  const tokens = await tokensOf(checkpoint, 'text', options.text, options.tokens);
  const prefixTokens = await tokensOf(checkpoint, 'prefixText', options.prefixText, options.prefixTokens);
  if (tokens.length === 0)
    throw new UserError('at least one token is needed', { option: options.text === undefined ? 'tokens' : 'text' });
  requireTokens(tokens, decoder, { option: options.text === undefined ? 'tokens' : 'text' });
  requireTokens(prefixTokens, decoder, { option: options.prefixText === undefined ? 'prefixTokens' : 'prefixText' });
  const length = prefixTokens.length + tokens.length;
  if (length > decoder.context) {
    throw new CommandError(`${length} tokens do not fit the context of ${decoder.context}; feed fewer`, 2);
  }
  const tensors = await withModel(checkpoint, io, async model => {
    const prefix =
      prefixTokens.length === 0 ? emptyPrefix(decoder) : await computePrefix(model, prefixTokens, model.pretrained);
    return trace(model, { prefix, projections: model.pretrained }, tokens, name => picked.has(name));
  });
  io.signal.throwIfAborted();
  await writeSafetensors(options.out, tensors);
  const outlines = tensors.map(({ name, shape }) => ({ name, shape }));
  const { name, digest } = checkpoint;
  io.answer({ out: options.out, model: { name, digest }, tokens, prefixTokens, tensors: outlines }, () =>
    [
      `${tokens.length} tokens after a prefix of ${prefixTokens.length}, by ${name}`,
      '',
      formatTensors(outlines),
      '',
      `written to ${options.out}`,
    ].join('\n'),
  );
}

function refuseBoth(one: string, a: unknown, other: string, b: unknown): void {
  if (a !== undefined && b !== undefined) {
    throw new CommandError(`--${one} and --${other} exclude each other; give one of them`, 2);
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
