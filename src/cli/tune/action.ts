import { type TuneOptions, tune } from '../../run/tune/tune.ts';
import type { Given } from '../options/command-line.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatTune } from './view.ts';

export async function perform({ options }: Given<TuneOptions>, io: Io): Promise<void> {
  const result = await tune({ ...options, ...hooksOf(io) });
  io.answer(result, () => formatTune(result));
}
