/** @file The weights of an arm as a safetensors file, so that another program can compute it. */
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Cell } from '../../cell/cell.ts';
import { here } from '../../cell/here.ts';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { writeSafetensors } from '../../checkpoint/sources/write-safetensors.ts';
import { UserError } from '../../error.ts';
import { fileError } from '../../files/file-bytes.ts';
import { makeFolders } from '../../files/make-folders.ts';
import type { Hooks, Progress } from '../../hooks.ts';
import { loadModel, type Projections } from '../../model/loaded-model.ts';
import { deviceForModel } from '../../run/device-for-model.ts';
import { signatureOf } from '../../run/plan.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { type Arm, readArm } from './arm.ts';
import { takeSteps } from './arm-steps.ts';
import { learningRateOf, matchedStepsOf } from './learning-rates.ts';
import { type RatesBySteps, ratesOf, readMatchedRates } from './matched-rates.ts';
import { partIn, stagesOf } from './part-cells.ts';
import { armsKind } from './part-kinds.ts';
import type { StudyInputs } from './study-inputs.ts';
import { openTaskFolder, type TaskFolder } from './task-folder.ts';
import { withUntrained } from './untrained-model.ts';

export interface ExportArmOptions extends Pick<Hooks, 'threads' | 'device' | 'signal' | 'onProgress' | 'onWarning'> {
  /** Of the study. */
  readonly folder: string;
  /** As in `F/3/same`; in a study of several tasks with the task before it: `sst2/F/3/same`. */
  readonly arm: string;
  /** The file to write. */
  readonly to: string;
}

/**
 * Writes the key and value projections of a finetuned arm, or all weights of the untrained model of
 * an arm that is not finetuned, under the names of the checkpoint. They are computed again.
 *
 * @throws UserError when the study has no such arm, it has the weights of the checkpoint, it
 * diverged, or the disk refuses
 */
export async function exportArm(inputs: StudyInputs, options: ExportArmOptions): Promise<void> {
  const { folder, threads, signal, onProgress, onWarning } = options;
  const { task, arm } = findArm(inputs, options.arm);
  const to = resolve(options.to);
  const { checkpoint } = inputs.model;
  if (arm.setting !== 'finetuned') {
    if (arm.initialisation === 0) {
      throw new UserError(`has the weights of ${checkpoint.name}`, { option: 'export', value: options.arm });
    }
    await exportUntrained(checkpoint, arm.initialisation, { to, onProgress });
    return;
  }
  const opened = await openTaskFolder(folder, inputs, task);
  const rates = matchedStepsOf(arm) === undefined ? {} : await matchRates(inputs, opened, arm, options);
  const device = await deviceForModel(checkpoint, options);
  await withRuntime({ threads, device, signal, onWarning }, runtime => {
    const write = (model: Checkpoint) => writeProjections(runtime, model, { task: opened, arm, rates, to });
    return arm.initialisation === 0
      ? write(checkpoint)
      : withUntrained(checkpoint, arm.initialisation, { folder, onProgress }, write);
  });
}

/** The rates of a task, with that of an arm; it is matched where it is not stored. */
async function matchRates(
  inputs: StudyInputs,
  { sequences: { plan: task }, folder: taskFolder }: TaskFolder,
  arm: Arm,
  { folder, threads, device, signal, onProgress, onWarning }: ExportArmOptions,
): Promise<RatesBySteps> {
  const kind = armsKind(async () => inputs);
  const { plan } = inputs;
  const study = { options: {}, plan: signatureOf(plan) };
  const units = [{ task, initialisation: arm.initialisation, arms: [arm] }];
  const executor = here(new Map([[kind.name, kind]]), { threads, device });
  const follow = (_: Cell, progress: Progress) => onProgress?.(progress);
  for (const cellsOf of stagesOf(plan)) {
    const rates = (await cellsOf({ kind: kind.name, study, plan, folder, units })).filter(
      cell => 'matching' in partIn(cell),
    );
    await executor(rates, folder, { signal, onProgress: follow, onNote: onWarning });
  }
  return ratesOf((await readMatchedRates(taskFolder))!);
}

function findArm({ tasks }: StudyInputs, asked: string): { readonly task: StudyInputs['tasks'][number]; arm: Arm } {
  for (const task of tasks) {
    const { name, arms } = task.plan;
    const id = arms.find(each => asked === `${name}/${each}` || (tasks.length === 1 && asked === each));
    if (id !== undefined) return { task, arm: readArm(id) };
  }
  const { name, arms } = tasks[0]!.plan;
  const example = arms.find(id => id.startsWith('F/')) ?? arms[0]!;
  throw new UserError('the study has no such arm', {
    ...{ option: 'export', value: asked },
    remedy: `name one as in ${tasks.length === 1 ? example : `${name}/${example}`}`,
  });
}

async function exportUntrained(
  checkpoint: Checkpoint,
  initialisation: number,
  { to, onProgress }: { readonly to: string; readonly onProgress: Hooks['onProgress'] },
): Promise<void> {
  const beside = dirname(to);
  try {
    await makeFolders(beside);
    await withUntrained(checkpoint, initialisation, { folder: beside, onProgress }, ({ source }) =>
      rename(join(source, 'model.safetensors'), to),
    );
  } catch (error) {
    throw error instanceof UserError ? error : fileError(to, error);
  }
}

async function writeProjections(
  runtime: Runtime,
  checkpoint: Checkpoint,
  {
    task,
    arm,
    rates,
    to,
  }: {
    readonly task: TaskFolder;
    readonly arm: Arm;
    readonly rates: RatesBySteps;
    readonly to: string;
  },
): Promise<void> {
  const { sequences } = task;
  const { set, why } = sequences.setOf(arm.seed!, arm.variant!);
  if (set === null) throw new UserError(why!, { option: 'export', value: arm.id });
  await releaseAfter({ runtime }, async owner => {
    const model = await loadModel(checkpoint, owner.runtime);
    const rateOf = async (each: Arm) => learningRateOf(each, sequences.plan.rate, rates);
    const { projections } = await takeSteps({ model, rateOf }, arm, set, {});
    await writeSafetensors(to, await downloaded(owner.runtime, projections));
  });
}

async function downloaded(runtime: Runtime, projections: Projections) {
  const tensors = [];
  for (const [name, handle] of Object.entries(projections)) {
    const { dims, data } = await runtime.download(handle);
    tensors.push({ name, shape: dims, data });
  }
  return tensors;
}
