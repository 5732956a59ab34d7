import type { Device } from '../../device.ts';
import type { Stopwatch } from '../../run/provenance.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import type { CellRecord } from './cell-record.ts';
import { type Cell, type MomentumPlan, nameOf, type TaskName } from './plan.ts';
import { trainCell } from './train-cell.ts';
import type { Trainee } from './trainee.ts';

export interface TrainAllOptions {
  readonly plan: MomentumPlan;
  readonly trainees: readonly Trainee[];
  /** Models that are trained at once. */
  readonly workers: number;
  readonly device: Device | undefined;
  readonly signal: AbortSignal | undefined;
  readonly watch: Stopwatch<TaskName>;
  /** Receives the number of steps done in unfinished cells. */
  readonly onSteps: (steps: number) => void;
  readonly onRecord: (record: CellRecord, device: string) => Promise<void>;
  readonly onWarning: ((message: string) => void) | undefined;
}

/**
 * Trains cells in parallel. Every worker has its own compute process with one thread, since small
 * models gain nothing from a second one. The first failure stops all workers.
 */
export async function trainAll(cells: readonly Cell[], options: TrainAllOptions): Promise<void> {
  const { plan, trainees, workers, watch, onSteps, onRecord, onWarning } = options;
  const queue = [...cells];
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const steps = new Map<string, number>();
  const report = () => onSteps([...steps.values()].reduce((sum, done) => sum + done, 0));

  const work = async () => {
    let cell: Cell | undefined;
    await withRuntime(
      {
        threads: 1,
        device: options.device,
        signal,
        onWarning,
      },
      async runtime => {
        // After a crash the unfinished cell is trained again.
        for (cell ??= queue.shift(); cell !== undefined; cell = queue.shift()) {
          const { task } = cell;
          const name = nameOf(cell);
          const trainee = trainees.find(each => each.task === task)!;
          const started = performance.now();
          const record = await trainCell(runtime, trainee, cell, {
            adam: plan.adam,
            onStep: done => {
              signal.throwIfAborted();
              steps.set(name, done);
              report();
            },
          });
          watch.add(task, (performance.now() - started) / 1000, trainee.training.steps * trainee.step.tokens);
          watch.notePeak(workers * (await runtime.usage()).peakResidentBytes + ownMemory().peakResidentBytes);
          await onRecord(record, runtime.device);
          steps.delete(name);
          report();
        }
      },
    );
  };
  report();
  await Promise.all(
    Array.from({ length: Math.min(workers, cells.length) }, () => work().catch(error => failed.abort(error))),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
}
