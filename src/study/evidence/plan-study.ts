import { createHash } from 'node:crypto';
import { UserError } from '../../error.ts';
import { canonicalJson, type Json } from '../../files/canonical-json.ts';
import type { Hooks } from '../../hooks.ts';
import { type Conventions, conventionsOf } from '../../model/conventions.ts';
import { hasRotaryPositions } from '../../model/rotary-positions.ts';
import { type ChosenOptions, checkOptions } from '../../options.ts';
import { tunedDefaults } from '../../run/defaults.ts';
import { checkVocabulary, openTextModel, type TextModel } from '../../run/prepare.ts';
import { openTask } from '../../task/open-task.ts';
import { assertSameDemonstrations } from '../../task/same-demonstrations.ts';
import type { DemonstrationSet, Sequences } from '../../task/sequence.ts';
import type { Task } from '../../task/task.ts';
import { armList } from './arm-list.ts';
import { sequencesOfSeeds, setsOfOtherTask } from './demonstration-sets.ts';
import { hypothesesOf, STATISTICS } from './hypotheses.ts';
import { type EvidenceWishes, evidenceOptions } from './options.ts';
import { pilotOf } from './pilot.ts';
import type { EvidencePlan, TaskPlan } from './plan.ts';
import { type ArmGrid, type Preset, presets, withoutArms } from './presets.ts';
import { seenBefore } from './seen-before.ts';

type Choices = ChosenOptions<typeof evidenceOptions>;

/** A task of a study, as it was read. */
export interface PlannedTask {
  readonly plan: TaskPlan;
  readonly task: Task;
  /** Of seeds 1 to S, with `plan.k` demonstrations and `plan.behaviourRows` queries each. */
  readonly sequences: readonly Sequences[];
  /** Null without arms of another task. */
  readonly other: { readonly task: Task; readonly sets: readonly DemonstrationSet[] } | null;
}

/** A plan with what it was read from; no weights are loaded. */
export interface PlannedStudy {
  readonly plan: EvidencePlan;
  readonly model: TextModel;
  readonly conventions: Conventions;
  readonly tasks: readonly PlannedTask[];
}

/** Fewer sets of demonstrations show nothing. */
const LEAST_SEEDS = 4;

/**
 * Fixes every choice of a study: opens the model and the tasks that the options name (the weights
 * stay where they are), chooses the demonstrations of every seed and lists the arms.
 *
 * @throws UserError naming the option, or the model or task that cannot be used
 */
export async function planStudy(wishes: EvidenceWishes, hooks: Hooks = {}): Promise<PlannedStudy> {
  const chosen = checkOptions(evidenceOptions, wishes);
  const preset: Preset = presets[chosen.preset];
  const seeds = chosen.seeds ?? preset.seeds;
  if (seeds < LEAST_SEEDS) throw tooFewSeeds(seeds);
  const names = [...new Set(chosen.tasks ?? preset.tasks)];
  const model = await openTextModel(chosen, hooks);
  const conventions = conventionsOf(model.checkpoint, model.tokenizer, chosen);
  const grid = withoutArms(preset.arms, chosen.without ?? []);
  const opened = await Promise.all(names.map(async name => [name, await open(name, chosen, hooks)] as const));
  requireDifferentNames(opened.map(([, { name }]) => name));
  requireRatesOfTasks(chosen, opened);
  const tasks: PlannedTask[] = [];
  for (const [name, task] of opened) {
    const rate = rateOf(name, task, chosen, model);
    tasks.push(await planTask(task, rate, { chosen, hooks, preset, seeds, grid, model, conventions }));
  }
  const plan = {
    schema: 'dualform.evidence-plan/1',
    preset: chosen.preset,
    model: identify(model),
    sizes: sizesOf(model),
    bos: conventions.bos,
    separator: [...conventions.separator],
    tap: 'prompt-end',
    batchSize: chosen.batchSize,
    streams: 7001,
    tasks: tasks.map(({ plan: each }) => each),
    hypotheses: preset.verdicts ? tasks.flatMap(({ plan: { name, arms } }) => hypothesesOf(name, arms)) : [],
    statistics: STATISTICS,
    seenBefore: [
      ...tasks.flatMap(({ plan: { name } }) => seenBefore(model.checkpoint.digest, name)),
      ...(chosen.seenBefore === undefined ? [] : [chosen.seenBefore]),
    ],
    pilot: chosen.pilot === undefined ? null : await pilotOf(chosen.pilot, model.checkpoint.digest),
  } as const satisfies EvidencePlan;
  return { plan, model, conventions, tasks };
}

async function planTask(
  task: Task,
  rate: number,
  {
    chosen,
    hooks,
    preset,
    seeds,
    grid,
    model,
    conventions,
  }: {
    readonly chosen: Choices;
    readonly hooks: Hooks;
    readonly preset: Preset;
    readonly seeds: number;
    readonly grid: ArmGrid;
    readonly model: TextModel;
    readonly conventions: Conventions;
  },
): Promise<PlannedTask> {
  const rows = Math.min(chosen.rows ?? preset.rows, task.evaluationRows);
  const behaviourRows = Math.min(chosen.behaviourRows ?? Math.max(rows, preset.behaviourRows), task.evaluationRows);
  if (behaviourRows < rows) {
    throw new UserError(`must be at least \`rows\`, ${rows}`, { option: 'behaviourRows', value: behaviourRows });
  }
  const { tokenizer, decoder, checkpoint } = model;
  const shotsAsked = chosen.shots ?? preset.shots;
  const asked = { ...conventions, tokenizer, context: decoder.context, shots: shotsAsked, seeds };
  const { k, sequences } = sequencesOfSeeds(task, { ...asked, limit: behaviourRows });
  for (const each of sequences) {
    assertSameDemonstrations({ ...conventions, ...each });
    checkVocabulary(checkpoint, decoder, each);
  }
  const other = grid.task === 0 ? null : await openOther(task, asked, k, chosen, hooks);
  const plan: TaskPlan = {
    name: task.name,
    digest: task.digest,
    template: chosen.template,
    labels: [...task.labels],
    k,
    shotsAsked,
    seeds,
    rows,
    behaviourRows,
    rate,
    otherTask: other && {
      name: other.task.name,
      digest: other.task.digest,
      template: chosen.template,
      k: other.k,
    },
    arms: armList(grid, { seeds, k }).map(({ id }) => id),
  };
  return { plan, task, sequences, other };
}

/** Demonstrations of subj; for subj those of sst2. */
async function openOther(
  task: Task,
  asked: Parameters<typeof setsOfOtherTask>[2],
  k: number,
  chosen: Choices,
  hooks: Hooks,
) {
  const other = await open(task.name === 'subj' ? 'sst2' : 'subj', chosen, hooks);
  const found = setsOfOtherTask(task, other, { ...asked, shots: k });
  if (found.k > 0) return { task: other, ...found };
  throw new UserError(`task ${other.name}: no demonstration fits before the queries of ${task.name}`, {
    remedy: 'leave the arms out: add task to `without`',
  });
}

async function open(name: string, { template }: Choices, { offline, onProgress, signal }: Hooks): Promise<Task> {
  try {
    return await openTask(name, {
      template,
      offline: offline ?? false,
      ...(signal && { signal }),
      onProgress: ({ stage, done, total }) => onProgress?.({ stage: 'load', done, total, unit: 'bytes', part: stage }),
    });
  } catch (error) {
    if (!(error instanceof UserError) || error.option !== 'task') throw error;
    const { reason, value, remedy } = error;
    throw new UserError(reason, { option: 'tasks', value, remedy, cause: error });
  }
}

function tooFewSeeds(seeds: number): UserError {
  const permutations = [1, 2, 6][seeds - 1]!;
  const p = Math.min(1, 2 / permutations).toFixed(2);
  const df = seeds - 1;
  return new UserError(
    `needs at least ${LEAST_SEEDS} sets of demonstrations: with ${seeds}, H1 has no p below ${p} ` +
      `(${permutations} permutations), and H2 to H8 have ${df} degrees of freedom, which show nothing`,
    { option: 'seeds', value: seeds },
  );
}

/** Each task has a folder under its name. */
function requireDifferentNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new UserError(`two tasks are named ${twice}`, { option: 'tasks', remedy: 'rename one of the files' });
}

function requireRatesOfTasks({ learningRate }: Choices, tasks: readonly (readonly [string, Task])[]): void {
  if (typeof learningRate !== 'object') return;
  const known = tasks.flatMap(([asked, { name }]) => [asked, name]);
  const unknown = Object.keys(learningRate).find(name => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError(`${unknown} is not among \`tasks\`: ${tasks.map(([, { name }]) => name).join(', ')}`, {
    option: 'learningRate',
  });
}

/** The rate that is given, else the steady one that was tuned. */
function rateOf(asked: string, task: Task, { learningRate }: Choices, { checkpoint }: TextModel): number {
  const given = typeof learningRate === 'object' ? (learningRate[asked] ?? learningRate[task.name]) : learningRate;
  const rate = given ?? tunedDefaults(checkpoint.digest, task.name)?.learningRate;
  if (rate !== undefined) return rate;
  throw new UserError(`no learning rate was tuned for ${checkpoint.name} on ${task.name}`, {
    option: 'learningRate',
    remedy: `give a steady one as ${task.name}=RATE (dualform tune finds it)`,
  });
}

function identify({ checkpoint, tokenizer }: TextModel): EvidencePlan['model'] {
  const { name, digest, config } = checkpoint;
  const configuration = createHash('sha256')
    .update(canonicalJson(config as Json))
    .digest('hex');
  return { name, digest, configuration, tokenizer: tokenizer.digest };
}

function sizesOf({ decoder }: TextModel): EvidencePlan['sizes'] {
  const { layers, heads, hiddenSize } = decoder;
  return { layers, heads, hiddenSize, rotary: hasRotaryPositions(decoder) };
}
