import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import type { OpenProgress } from '../checkpoint/open-options.ts';
import { UserError } from '../error.ts';
import type { Decoder } from '../model/decoder.ts';
import { type LoadedModel, loadModel } from '../model/loaded-model.ts';
import { runWithMomentum } from '../model/momentum.ts';
import { runInPrecision } from '../model/precision.ts';
import { deviceForModel } from '../run/device-for-model.ts';
import type { ModelWishes } from '../run/prepare.ts';
import { withRuntime } from '../runtime/node/open-runtime.ts';
import { releaseAfter } from '../runtime/scope.ts';
import { openTokenizer, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { CommandError } from './options/command-error.ts';
import { hooksOf, type Io } from './terminal/io.ts';

export async function openModel(
  { model, heads, momentum, precision }: ModelWishes,
  { offline, signal, progress }: Io,
): Promise<Checkpoint> {
  const onProgress = (event: OpenProgress) => progress({ ...event, unit: 'bytes' });
  const checkpoint = await openCheckpoint(model, { offline, signal, heads, onProgress });
  return runInPrecision(runWithMomentum(checkpoint, momentum), precision);
}

/** Loads a model, calls `work` with it, then releases it with all tensors and ends its compute process. */
export async function withModel<T>(
  checkpoint: Checkpoint,
  io: Io,
  work: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const { threads, signal, note } = io;
  const device = await deviceForModel(checkpoint, hooksOf(io));
  return withRuntime({ threads, device, signal, onWarning: note }, process =>
    releaseAfter({ runtime: process }, async ({ runtime }) => work(await loadModel(checkpoint, runtime))),
  );
}

/** The tokenizer of a model. @param option the option that gives the text */
export async function tokenizerFor({ tokenizer, source }: Checkpoint, option: string): Promise<Tokenizer> {
  if (tokenizer !== undefined) return openTokenizer(tokenizer);
  throw new UserError(`\`${option}\`: ${source} has no tokenizer.json next to it`, { remedy: 'give token ids' });
}

/** Where token ids come from. */
type Origin = { readonly option: string; readonly place?: undefined } | { readonly place: string };

/** Refuses ids that the model does not know. */
export function requireTokens(ids: readonly number[], { vocabulary }: Decoder, origin: Origin): void {
  const foreign = ids.find(id => id >= vocabulary);
  if (foreign === undefined) return;
  const reason = `token ${foreign} is not in the vocabulary of ${vocabulary} tokens`;
  if (origin.place !== undefined) throw new CommandError(`${origin.place}: ${reason}`, 2);
  throw new UserError(reason, { option: origin.option });
}
