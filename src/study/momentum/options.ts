import { z } from 'zod';
import { UserError } from '../../error.ts';
import { checkOptions } from '../../run/options.ts';
import { openTask } from '../../task/open-task.ts';
import type { Task } from '../../task/task.ts';
import { PAPER_ADAM } from '../../train/adam.ts';
import type { Sequences } from '../../train/packing.ts';
import { type PreparedTraining, type PrepareTrainingOptions, prepareTraining } from '../../train/prepare.ts';
import { type LanguagePlan, type MomentumPlan, type SyntheticPlan, type TaskName, taskNames } from './plan.ts';
import { modelOf, type Preset, presetNames, presets, trainingOf } from './presets.ts';

const count = z.int().min(1);
const paths = z.array(z.string().min(1)).min(1);
const eta = z.number().min(0, 'must be in [0, 1)').lt(1, 'must be in [0, 1)');

/** Numbers of a task's own, which stand in its `settings`. */
const settings = {
  dimensions: count,
  examples: count,
  noise: z.number().min(0),
  pairs: count,
  queries: count,
  keys: count,
  values: count,
  symbols: count,
  states: z.int().min(2),
  length: z.int().min(2),
};

const options = z.strictObject({
  preset: z.enum(presetNames).default('tiny'),
  tasks: z
    .array(z.enum(taskNames as [TaskName, ...TaskName[]]))
    .min(1)
    .default([...taskNames]),
  etas: z.array(z.union([eta, z.literal('learned')])).optional(),
  seeds: z
    .array(z.int().min(0))
    .refine(seeds => new Set(seeds).size >= 2, 'intervals need at least two different seeds')
    .optional(),
  steps: count.optional(),
  batch: count.optional(),
  learningRate: z.number().positive().optional(),
  layers: count.optional(),
  heads: count.optional(),
  hiddenSize: count.optional(),
  tests: count.optional(),
  corpus: paths.optional(),
  validation: paths.optional(),
  documentSeparator: z.string().optional(),
  tokenizer: z.string().min(1).optional(),
  context: z.int().min(4).multipleOf(4).optional(),
  vocabulary: count.optional(),
  evaluationTokens: count.optional(),
  classify: z.array(z.string().min(1)).optional(),
  shots: count.optional(),
  rows: count.optional(),
  ...(Object.fromEntries(Object.entries(settings).map(([name, schema]) => [name, schema.optional()])) as {
    [K in keyof typeof settings]: z.ZodOptional<(typeof settings)[K]>;
  }),
});

/** What a study may be asked for; everything has a default. Numbers hold for all tasks that have them. */
export type StudyWishes = { readonly [K in keyof z.input<typeof options>]?: z.input<typeof options>[K] | undefined };
type Choices = z.output<typeof options>;

/** A plan with what it was read from. */
export interface PlannedStudy {
  readonly plan: MomentumPlan;
  /** Absent where there is no language model. */
  readonly language?: { readonly text: PreparedTraining; readonly classification: readonly Task[] };
}

/** Fixes every choice of a study. @throws UserError naming the option, or the corpus or task that cannot be read */
export async function planStudy(wishes: StudyWishes, hooks: PrepareTrainingOptions = {}): Promise<PlannedStudy> {
  const chosen = checkOptions(options, wishes);
  const preset = presets[chosen.preset];
  const momenta = [...new Set(chosen.etas ?? preset.etas)].filter(eta => eta !== 0);
  if (momenta.length === 0) {
    throw new UserError('--etas: give at least one above 0; plain attention, 0, is in every study', { exitCode: 2 });
  }
  const { language: _, ...synthetic } = preset.tasks;
  const entries = taskNames.flatMap(task =>
    task === 'language' || !chosen.tasks.includes(task) ? [] : [[task, choose(synthetic[task]!, chosen)] as const],
  );
  const tasks = Object.fromEntries(entries) as Omit<MomentumPlan['tasks'], 'language'>;
  checkRoom(tasks);
  const plan = {
    schema: 'dualform.momentum-plan/3',
    etas: [0, ...momenta],
    seeds: [...new Set(chosen.seeds ?? preset.seeds)],
    adam: PAPER_ADAM,
  } as const;
  if (!chosen.tasks.includes('language')) return { plan: { ...plan, tasks } };
  const { languagePlan, ...language } = await planLanguage(preset.tasks.language, chosen, hooks);
  return { plan: { ...plan, tasks: { language: languagePlan, ...tasks } }, language };
}

async function planLanguage(preset: Preset['tasks']['language'], chosen: Choices, hooks: PrepareTrainingOptions) {
  const { corpus, validation, documentSeparator, tokenizer, context = preset.context } = chosen;
  const vocabulary = chosen.vocabulary ?? (tokenizer === undefined ? preset.vocabulary : undefined);
  const trained = chooseTrained(preset, chosen);
  const text = await prepareTraining({ corpus, validation, documentSeparator, tokenizer, vocabulary, context }, hooks);
  const names = chosen.classify ?? preset.classification.tasks;
  // A study downloads nothing.
  const classification = await Promise.all(names.map(name => openTask(name, { offline: true })));
  const evaluated = (part: Sequences) => evaluatedTokens(part, chosen.evaluationTokens ?? preset.evaluated);
  const languagePlan: LanguagePlan = {
    ...trained,
    context,
    corpus: text.plan.corpus,
    validation: text.plan.validation,
    tokenizer: { digest: text.plan.tokenizer.digest, vocabulary: text.plan.model.vocabulary },
    evaluated: { training: evaluated(text.training), validation: evaluated(text.validation) },
    classification: {
      tasks: classification.map(({ name, digest }) => ({ name, digest })),
      shots: chosen.shots ?? preset.classification.shots,
      rows: chosen.rows ?? preset.classification.rows,
      seed: preset.classification.seed,
    },
  };
  return { languagePlan, text, classification };
}

/** As many of the tokens as every length, a quarter of the context to all of it, cuts without rest. */
function evaluatedTokens({ stream, context }: Sequences, asked: number): number {
  const whole = 3 * context;
  const parts = Math.floor(Math.min(asked, stream.length - 1) / whole);
  if (parts > 0) return parts * whole;
  throw new UserError(
    `--evaluation-tokens ${asked}: perplexities at four lengths need at least ${whole} tokens, and ${stream.length - 1} are there; ` +
      'give more, a longer text or a smaller --context',
    { exitCode: 2 },
  );
}

type Trained = Pick<LanguagePlan, 'model' | 'training'>;

function chooseTrained({ model, training }: Trained, chosen: Choices): Trained {
  const { layers = model.layers, heads = model.heads, hiddenSize = model.hiddenSize } = chosen;
  if (hiddenSize % heads !== 0)
    throw new UserError(`--heads ${heads}: do not divide the hiddenSize ${hiddenSize}`, { exitCode: 2 });
  const { steps = training.steps, batch = training.batch, learningRate = training.learningRate } = chosen;
  return { model: modelOf(layers, heads, hiddenSize), training: trainingOf(steps, batch, learningRate) };
}

function choose(plan: SyntheticPlan<object>, chosen: Choices): SyntheticPlan<object> {
  const own = Object.entries(plan.settings).map(([name, value]) => [name, chosen[name as keyof Choices] ?? value]);
  return { ...chooseTrained(plan, chosen), settings: Object.fromEntries(own), tests: chosen.tests ?? plan.tests };
}

function checkRoom(tasks: Omit<MomentumPlan['tasks'], 'language'>): void {
  const recall = tasks['associative-recall']?.settings;
  if (recall && recall.pairs > recall.keys) throw tooMany(recall.pairs, `--keys ${recall.keys}`, recall.keys);
  const lookup = tasks['key-value-lookup']?.settings;
  if (lookup && lookup.pairs > lookup.symbols ** 2) {
    throw tooMany(lookup.pairs, `--symbols ${lookup.symbols}`, lookup.symbols ** 2);
  }
}

function tooMany(pairs: number, from: string, keys: number): UserError {
  return new UserError(`--pairs ${pairs}: ${from} makes ${keys} different keys only`, { exitCode: 2 });
}
