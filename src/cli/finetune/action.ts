import * as z from 'zod';
import { writeSafetensors } from '../../checkpoint/sources/write-safetensors.ts';
import { UserError } from '../../error.ts';
import { parseShallowJson } from '../../files/shallow-json.ts';
import { openDecoder } from '../../model/open-decoder.ts';
import { formatDecimal } from '../../report/format/number.ts';
import { finetune } from '../../setting/finetune.ts';
import { formatTensors } from '../format/tensors.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import { requireFilePlace, requireOutputApart } from '../terminal/output-file.ts';
import { readInput } from '../terminal/read-file.ts';
import { openModel, requireTokens, withModel } from '../with-model.ts';
import type { FinetuneOptions } from './options.ts';

export async function perform({ options }: Given<FinetuneOptions>, io: Io): Promise<void> {
  await requireFilePlace(options.out);
  const sequences = parseSequences(options.sequences, await readInput(options.sequences));
  const checkpoint = await openModel(options, io);
  await requireOutputApart(options.out, checkpoint, options.sequences);
  const decoder = await openDecoder(checkpoint);
  for (const [i, sequence] of sequences.entries()) {
    const where = `${options.sequences}: sequence ${i + 1}`;
    requireTokens(sequence, decoder, { place: where });
    if (sequence.length <= decoder.context) continue;
    throw new UserError(`${where} has ${sequence.length} tokens; the context ends at ${decoder.context}`);
  }
  const { tensors, losses } = await withModel(checkpoint, io, async model => {
    const report = (done: number) => io.progress({ stage: 'finetuning', done, total: sequences.length, unit: 'steps' });
    report(0);
    const { projections, losses } = await finetune(model, sequences, {
      learningRate: options.learningRate,
      onStep: step => report(step + 1),
    });
    const downloads = Object.entries(projections).map(async ([name, handle]) => {
      const { dims, data } = await model.runtime.download(handle);
      return { name, shape: dims, data };
    });
    return { tensors: await Promise.all(downloads), losses };
  });
  io.signal.throwIfAborted();
  await writeSafetensors(options.out, [
    ...tensors,
    { name: 'loss', shape: [losses.length], data: Float32Array.from(losses) },
  ]);
  const outlines = tensors.map(({ name, shape }) => ({ name, shape }));
  const { name, digest } = checkpoint;
  io.answer(
    {
      out: options.out,
      model: { name, digest },
      learningRate: options.learningRate,
      losses,
      tensors: outlines,
    },
    () =>
      [
        `${losses.length} steps at learning rate ${options.learningRate} on ${name}`,
        `loss before each step: ${losses.map(loss => formatDecimal(loss)).join(', ')}`,
        '',
        formatTensors(outlines),
        '',
        `written to ${options.out}`,
      ].join('\n'),
  );
}

const list = z
  .array(
    z.array(z.int().min(0)).min(2, 'has fewer than two tokens; a step needs at least two'),
    'must be a list of token-id lists',
  )
  .min(1, 'has no sequence');

/** Token-id lists as JSON. @throws UserError naming file and sequence */
export function parseSequences(file: string, bytes: Buffer): number[][] {
  let json: unknown;
  try {
    json = parseShallowJson(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new UserError(`${file}: not JSON (${(cause as Error).message}); give a list of token-id lists`, {
      cause,
    });
  }
  const parsed = list.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [sequence, token] = issue!.path as number[];
  const where = sequence === undefined ? file : `${file}: sequence ${sequence + 1}`;
  throw new UserError(
    token === undefined
      ? `${where}: ${issue!.message}`
      : `${where}, token ${token + 1}: must be a whole number, at least 0`,
  );
}
