import { work } from '../../cell/queue/worker.ts';
import { formatPlural } from '../../report/format/number.ts';
import { cellProcess } from '../../study/sweep/cell-kinds.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import type { WorkerCommandOptions } from './options.ts';

export async function perform({ options }: Given<WorkerCommandOptions & JobOptions>, io: Io): Promise<void> {
  const { queue: url, once, out } = options;
  const { threads, device, offline, signal, note } = io;
  const report = await work({ url, child: cellProcess, out, once, threads, device, offline, signal, onNote: note });
  const { done, failed, givenBack } = report;
  io.answer(report, () => `${formatPlural(done, 'cell')} done, ${failed} failed, ${givenBack} given back.`);
}
