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

/** Size of a model; its vocabulary and context are the task's. */
export type ModelPlan = {
  readonly layers: number;
  readonly heads: number;
  readonly hiddenSize: number;
  readonly feedForward: number;
  /** Of the first weights. */
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
  /** Tokens that are predicted for each perplexity, of the training and of the validation text. */
  readonly evaluated: { readonly training: number; readonly validation: number };
  /** Classification in context, by the trained model. */
  readonly classification: {
    readonly tasks: readonly { readonly name: string; readonly digest: string }[];
    /** Demonstrations; fewer where the context ends. */
    readonly shots: number;
    /** Evaluation rows of each task, at most. */
    readonly rows: number;
    /** Chooses the demonstrations. */
    readonly seed: number;
  };
};

/** Sequences are drawn without end for training; `tests` others evaluate. */
export type SyntheticPlan<Settings> = Trained & { readonly settings: Plain<Settings>; readonly tests: number };

/** Every choice that decides the numbers of a study, as plain JSON. */
export type MomentumPlan = {
  /** Its number is raised by a release that changes a number of the study. */
  readonly schema: 'dualform.momentum-plan/3';
  /** Plain attention, 0, first. */
  readonly etas: readonly Eta[];
  /** Each fixes the initial weights and the batches of all runs that it pairs. */
  readonly seeds: readonly number[];
  readonly adam: Plain<AdamSettings>;
  /** Those that are in the study. */
  readonly tasks: {
    readonly language?: LanguagePlan;
    readonly 'linear-regression'?: SyntheticPlan<LinearRegression>;
    readonly 'associative-recall'?: SyntheticPlan<AssociativeRecall>;
    readonly 'key-value-lookup'?: SyntheticPlan<KeyValueLookup>;
    readonly 'markov-chain'?: SyntheticPlan<MarkovChain>;
  };
};

/** A plan of schema 2, which said width and judged, as one of schema 3. */
export function upgradeMomentumPlan(found: Json): Json {
  if (valueAt(found, 'schema') !== 'dualform.momentum-plan/2') return found;
  const names = { 'tasks.*.model.width': 'hiddenSize', 'tasks.language.judged': 'evaluated' };
  return { ...(renameKeys(found, names) as object), schema: 'dualform.momentum-plan/3' };
}

/** One run of training. */
export interface Cell {
  readonly task: TaskName;
  readonly eta: Eta;
  readonly seed: number;
}

/** All runs of a plan, seed by seed, so that a study that is stopped has whole seeds. */
export function cellsOf({ seeds, etas, tasks }: MomentumPlan): readonly Cell[] {
  return seeds.flatMap(seed =>
    taskNames.filter(task => tasks[task] !== undefined).flatMap(task => etas.map(eta => ({ task, eta, seed }))),
  );
}

/** As file name and in messages: `key-value-lookup-eta-0.1-seed-3`. */
export function nameOf({ task, eta, seed }: Cell): string {
  return `${task}-eta-${eta}-seed-${seed}`;
}
