import type { Json } from '../../files/canonical-json.ts';
import { renameKeys, valueAt } from '../../files/rename-keys.ts';
import type { AdamSettings } from '../../train/adam.ts';
import type { Plain, TextsOfPlan } from '../../train/plan.ts';
import type { Schedule } from '../../train/schedule.ts';
import type { AssociativeRecall } from '../synthetic/associative-recall.ts';
import type { KeyValueLookup } from '../synthetic/key-value-lookup.ts';
import type { LinearRegression } from '../synthetic/linear-regression.ts';
import type { MarkovChain } from '../synthetic/markov-chain.ts';

export type TaskName = 'language' | 'linear-regression' | 'associative-recall' | 'key-value-lookup' | 'markov-chain';

export const taskNames: readonly TaskName[] = [
  'language',
  'linear-regression',
  'associative-recall',
  'key-value-lookup',
  'markov-chain',
];

/** Momentum of all heads; 0 is plain attention. */
export type Eta = number | 'learned';

/** Size of a model; its task gives vocabulary and context. */
export type ModelPlan = {
  readonly layers: number;
  readonly heads: number;
  readonly hiddenSize: number;
  readonly feedForward: number;
  /** Standard deviation of the initial weights. */
  readonly deviation: number;
};

export type TrainingPlan = Plain<Schedule> & {
  /** Sequences of a step. */
  readonly batch: number;
};

type Trained = { readonly model: ModelPlan; readonly training: TrainingPlan };

export type LanguagePlan = Trained & {
  readonly corpus: TextsOfPlan;
  readonly validation: TextsOfPlan;
  readonly tokenizer: { readonly digest: string; readonly vocabulary: number };
  /** Tokens of a training sequence: a multiple of 4. */
  readonly context: number;
  /** Tokens predicted for each perplexity, of training and validation text. */
  readonly evaluated: { readonly training: number; readonly validation: number };
  /** Classification in context, by the trained model. */
  readonly classification: {
    readonly tasks: readonly { readonly name: string; readonly digest: string }[];
    /** Demonstrations; fewer if the context is too short. */
    readonly shots: number;
    /** Largest number of evaluation rows of each task. */
    readonly rows: number;
    /** Chooses the demonstrations. */
    readonly seed: number;
  };
};

/** Every training step draws new sequences; `tests` others evaluate. */
export type SyntheticPlan<Settings> = Trained & { readonly settings: Plain<Settings>; readonly tests: number };

/** Every choice that decides the numbers of a study, as plain JSON. */
export type MomentumPlan = {
  /** A release that changes a number of the study raises the number of the schema. */
  readonly schema: 'dualform.momentum-plan/3';
  /** Plain attention, 0, first. */
  readonly etas: readonly Eta[];
  /** Each fixes the initial weights and the batches of the runs that are paired. */
  readonly seeds: readonly number[];
  readonly adam: Plain<AdamSettings>;
  /** The tasks of the study. */
  readonly tasks: {
    readonly language?: LanguagePlan;
    readonly 'linear-regression'?: SyntheticPlan<LinearRegression>;
    readonly 'associative-recall'?: SyntheticPlan<AssociativeRecall>;
    readonly 'key-value-lookup'?: SyntheticPlan<KeyValueLookup>;
    readonly 'markov-chain'?: SyntheticPlan<MarkovChain>;
  };
};

/** Upgrades a plan of schema 2, which had `width` and `judged`, to schema 3. */
export function upgradeMomentumPlan(found: Json): Json {
  if (valueAt(found, 'schema') !== 'dualform.momentum-plan/2') return found;
  const names = { 'tasks.*.model.width': 'hiddenSize', 'tasks.language.judged': 'evaluated' };
  return { ...(renameKeys(found, names) as object), schema: 'dualform.momentum-plan/3' };
}

/** A model of the study: one run of training. */
export interface ModelCell {
  readonly task: TaskName;
  readonly eta: Eta;
  readonly seed: number;
}

/** All runs of a plan, seed by seed, so that a stopped study has complete seeds. */
export function cellsOf({ seeds, etas, tasks }: MomentumPlan): readonly ModelCell[] {
  return seeds.flatMap(seed =>
    taskNames.filter(task => tasks[task] !== undefined).flatMap(task => etas.map(eta => ({ task, eta, seed }))),
  );
}

/** The name in files and messages: `key-value-lookup-eta-0.1-seed-3`. */
export function nameOf({ task, eta, seed }: ModelCell): string {
  return `${task}-eta-${eta}-seed-${seed}`;
}
