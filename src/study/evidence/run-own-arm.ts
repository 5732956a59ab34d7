import { join } from 'node:path';
import { UserError } from '../../error.ts';
import type { Json } from '../../files/canonical-json.ts';
import { writeText } from '../../files/run-folder.ts';
import type { Hooks } from '../../hooks.ts';
import { loadModel } from '../../model/loaded-model.ts';
import { deviceForModel } from '../../run/device-for-model.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import type { finetune } from '../../setting/finetune.ts';
import type { DemonstrationSet } from '../../task/sequence.ts';
import { addAdditions } from './additions.ts';
import { type Arm, armOf, fileNameOf } from './arm.ts';
import { computeArm } from './compute-arm.ts';
import { register } from './registration.ts';
import type { StudyInputs } from './study-inputs.ts';
import { openTaskFolder, type TaskFolder } from './task-folder.ts';
import { evidenceTokenLines } from './tokens.ts';

/** An arm that the study does not have: demonstrations or steps of one's own, in several seeds. */
export interface OwnArm {
  /** Name of a task of the study. */
  readonly task: string;
  readonly setting: 'in-context' | 'finetuned';
  /** Ends the id of the arm: `F/3/own-reversed`. */
  readonly variant: `own-${string}`;
  readonly seeds: readonly number[];
  /** What it is, in words; written to `additions.json`. */
  readonly description: string;
  /** The demonstrations that it reads; those of the seed unless given. */
  readonly demonstrations?: (set: DemonstrationSet, seed: number) => DemonstrationSet;
  /** Makes projections of the sequences of finetuning; `setting.finetune` unless given. */
  readonly finetune?: typeof finetune;
  /** That of the task unless given. */
  readonly learningRate?: number;
}

/**
 * Computes an arm of one's own in a study that was registered, and lists it in `additions.json`:
 * every number from it is exploratory. What is stored already is not computed again.
 *
 * @param options.folder of the study
 * @throws UserError for a task, a seed or a name that the study does not have, and for the folder
 */
export async function runOwnArm(
  inputs: StudyInputs,
  own: OwnArm,
  options: Pick<Hooks, 'threads' | 'device' | 'signal' | 'onWarning'> & { readonly folder: string },
): Promise<void> {
  const { folder, threads, signal, onWarning } = options;
  const registered = await register(folder, inputs.plan);
  const arms = armsOf(inputs, own);
  const task = await openOwnFolder(inputs, own, folder);
  const stored = await task.store.stored();
  const missing = arms.filter(arm => !stored.has(fileNameOf(arm)));
  if (missing.length > 0) {
    const { checkpoint } = inputs.model;
    const device = await deviceForModel(checkpoint, options);
    await withRuntime({ threads, device, signal, onWarning }, runtime =>
      releaseAfter({ runtime }, async owner => {
        const loaded = await loadModel(checkpoint, owner.runtime);
        for (const arm of missing) {
          signal?.throwIfAborted();
          await releaseAfter(loaded, async model => {
            const context = {
              ...{ model, sequences: task.sequences, batchSize: inputs.plan.batchSize },
              rateOf: async () => own.learningRate ?? task.sequences.plan.rate,
              ...(own.finetune && { finetune: own.finetune }),
            };
            await writeTokens(task, arm);
            await task.store.write(await computeArm(context, arm, { seed: {}, task: {} }));
          });
        }
      }),
    );
  }
  const { description } = own;
  await addAdditions(
    folder,
    registered,
    arms.map(({ id }) => ({ kind: 'arm', id, task: own.task, description })),
  );
}

function armsOf({ plan }: StudyInputs, { task, setting, variant, seeds }: OwnArm): readonly Arm[] {
  const planned = plan.tasks.find(({ name }) => name === task);
  if (planned === undefined) {
    throw new UserError(`the study has no task ${task}; it has ${plan.tasks.map(({ name }) => name).join(', ')}`);
  }
  if (!/^own-[a-z0-9.-]+$/.test(variant)) {
    throw new UserError(`${variant} is no name of an arm`, { remedy: 'give own- and small letters, digits, - and .' });
  }
  const foreign = seeds.find(seed => !Number.isInteger(seed) || seed < 1 || seed > planned.seeds);
  if (foreign !== undefined) throw new UserError(`the study has the seeds 1 to ${planned.seeds}, not ${foreign}`);
  return seeds.map(seed => armOf(setting, seed, variant));
}

/** The folder of the task, with the demonstrations of the arm. */
async function openOwnFolder(inputs: StudyInputs, own: OwnArm, folder: string): Promise<TaskFolder> {
  const task = inputs.tasks.find(({ plan }) => plan.name === own.task)!;
  const opened = await openTaskFolder(folder, inputs, task);
  const { demonstrations } = own;
  const setOf: TaskFolder['sequences']['setOf'] = (seed, variant) => {
    const found = opened.sequences.setOf(seed, variant);
    if (demonstrations === undefined || found.set === null || variant !== own.variant) return found;
    return { set: demonstrations(found.set, seed) };
  };
  return { ...opened, sequences: { ...opened.sequences, setOf } };
}

/** Next to the arm: `tokens.jsonl` is that of the plan. */
async function writeTokens({ sequences, folder }: TaskFolder, arm: Arm): Promise<void> {
  const lines: readonly Json[] = evidenceTokenLines({ ...sequences, plan: { ...sequences.plan, arms: [arm.id] } });
  const own = lines.filter(line => (line as { readonly arm?: string }).arm === arm.id);
  const text = own.map(line => `${JSON.stringify(line)}\n`).join('');
  await writeText(join(folder, 'arms', `${fileNameOf(arm)}.tokens.jsonl`), text);
}
