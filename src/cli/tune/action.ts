import { type TuneOptions, tune } from '../../run/tune/tune.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { executorOf } from '../options/executor.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatTune } from './view.ts';

export async function perform({ options }: Given<TuneOptions & JobOptions>, io: Io): Promise<void> {
  const { jobs, ...wishes } = options;
  const result = await tune({ ...wishes, ...hooksOf(io), executor: await executorOf(jobs) });
  io.answer(result, () => formatTune(result));
}
