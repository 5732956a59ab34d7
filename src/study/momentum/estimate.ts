import { join, resolve } from 'node:path';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { signatureOf } from '../../run/plan.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { meanOf } from '../means.ts';
import type { StudyWishes } from './options.ts';
import { cellsOf, type MomentumPlan, type TaskName } from './plan.ts';
import { planStudy } from './plan-study.ts';
import { trainCell } from './train-cell.ts';
import type { Trainee } from './trainee.ts';
import { makeTrainees } from './trainees.ts';

/** The work and time of the models of a task. */
export interface TaskEstimate {
  readonly task: TaskName;
  readonly models: number;
  /** Of training. */
  readonly tokens: number;
  readonly flops: number;
  /** Elapsed time, with one model per thread at once. */
  readonly seconds: number;
}

export interface StudyEstimate {
  readonly schema: 'dualform.momentum-estimate/1';
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: MomentumPlan;
  readonly tasks: readonly TaskEstimate[];
  readonly seconds: number;
  /** Peak of all processes together. */
  readonly memoryBytes: number;
}

/** Steps of the model that times a task. */
const STEPS = 40;

/**
 * Estimates the work, time and memory of a study. A plain model of every task is trained for a few
 * steps and evaluated, on all threads at once as in the study.
 *
 * @throws UserError as runMomentum, before anything is trained
 */
export async function estimateMomentum(options: StudyWishes & Hooks = {}): Promise<StudyEstimate> {
  const { hooks, wishes } = splitHooks(options);
  const { out, threads, device, signal } = hooks;
  const planned = await planStudy(wishes, hooks);
  const { plan } = planned;
  const workers = threads ?? physicalCores();
  const trainees = makeTrainees(planned);
  const timed = await Promise.all(Array.from({ length: workers }, () => timeOnce(plan, trainees, { device, signal })));
  const cells = cellsOf(plan);
  const tasks = trainees.map(({ task, training: { steps }, step }, i): TaskEstimate => {
    const models = cells.filter(cell => cell.task === task).length;
    const ofModel = meanOf(timed.map(({ tasks }) => tasks[i]!.fixed + steps * tasks[i]!.perStep));
    return {
      task,
      models,
      tokens: models * steps * step.tokens,
      flops: models * steps * step.flops,
      seconds: (models * ofModel) / Math.min(workers, cells.length),
    };
  });
  const signature = signatureOf(plan);
  return {
    schema: 'dualform.momentum-estimate/1',
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan,
    tasks,
    seconds: tasks.reduce((sum, { seconds }) => sum + seconds, 0),
    memoryBytes: ownMemory().peakResidentBytes + timed.reduce((sum, { peakBytes }) => sum + peakBytes, 0),
  };
}

/** Seconds of a model of each task: a fixed part, and per step. */
async function timeOnce(plan: MomentumPlan, trainees: readonly Trainee[], { device, signal }: Hooks) {
  return withRuntime({ threads: 1, device, signal }, async runtime => {
    const tasks: { readonly fixed: number; readonly perStep: number }[] = [];
    for (const trainee of trainees) {
      const short = { ...trainee, training: { ...trainee.training, steps: STEPS, warmUp: 0 } };
      const ends: number[] = [];
      const started = performance.now();
      await trainCell(
        runtime,
        short,
        { task: trainee.task, eta: 0, seed: plan.seeds[0]! },
        { adam: plan.adam, onStep: () => ends.push(performance.now()) },
      );
      const all = performance.now() - started;
      // The first steps open the sessions and warm up; the median does not mind what else the
      // machine does for a moment.
      const perStep = ends
        .map((end, i) => end - (ends[i - 1] ?? started))
        .slice(STEPS / 2)
        .sort((a, b) => a - b)[STEPS / 4]!;
      tasks.push({ fixed: (all - STEPS * perStep) / 1000, perStep: perStep / 1000 });
    }
    const { peakResidentBytes } = await runtime.usage();
    return { tasks, peakBytes: peakResidentBytes };
  });
}
