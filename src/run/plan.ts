import { createHash } from 'node:crypto';
import { UserError } from '../error.ts';
import { canonicalJson, type Json } from '../files/canonical-json.ts';
import { renameKeys, valueAt } from '../files/rename-keys.ts';
import { KENDALL_EXAMPLES } from '../metric/measure.ts';
import type { SettingName } from '../setting/setting-name.ts';
import { batches } from '../task/batches.ts';
import type { Sequences } from '../task/sequence.ts';
import type { TemplateVariant } from '../task/task.ts';
import { DEFAULT_SEED, tunedDefaults } from './defaults.ts';
import type { Options, Tap } from './options.ts';
import type { PaperSettings } from './paper/paper.ts';
import { scoringOf } from './scoring.ts';

/**
 * Every choice that decides the numbers of a run, as plain JSON. The number of threads is not part
 * of it, since it changes results by rounding only; nor is the version of the program, so that a
 * release that changes no number leaves every folder valid.
 */
export type Plan = {
  readonly schema: 'dualform.plan/2';
  readonly model: {
    readonly name: string;
    /** Of the weights. */
    readonly digest: string;
    /** SHA-256 (hex) of the configuration, on which the numbers depend as on the weights. */
    readonly configuration: string;
    readonly tokenizer: string;
    /** Absent in float32. */
    readonly precision?: 'float16';
  };
  readonly task: {
    readonly name: string;
    readonly digest: string;
    readonly template: TemplateVariant;
    readonly labels: readonly string[];
    /** Rows available for evaluation. */
    readonly evaluationRows: number;
    /** Evaluation rows left out because they are training rows too; 0 without `excludeLeaks`. */
    readonly leaksExcluded: number;
  };
  readonly settings: readonly SettingName[];
  readonly tap: Tap;
  readonly bos: number;
  readonly separator: readonly number[];
  readonly shotsAsked: number;
  readonly shots: number;
  readonly seed: number;
  /** Original row ids. */
  readonly demonstrations: readonly number[];
  /** Null when nothing is finetuned. */
  readonly learningRate: number | null;
  /** Rows on which finetuning is compared with itself at a nudged rate; 0 for no check. */
  readonly steadyRows: number;
  /** Evaluated rows: the first ones of the evaluation order. */
  readonly examples: number;
  readonly batchSize: number;
  /** Indices in the evaluation order, batch by batch as they are fed. */
  readonly batches: readonly (readonly number[])[];
  readonly metrics: {
    /**
     * Raised by a release that changes a number. 1: definitions of the official code of Dai et al.,
     * with the corrected ones of Deutch et al. next to them. 2: as 1, but updates within rounding
     * are undefined.
     */
    readonly variant: 2;
    readonly kendallExamples: number;
    /** Of the random baselines. */
    readonly randomSeed: number;
  };
};

export const RANDOM_SEED = 0;

/**
 * Rows of the steadiness check: enough to see a rate at which answers move, for a small part of the
 * run's time.
 */
const STEADY_ROWS = 16;

/** The parts of a plan that do not come from options. */
export interface PlanParts {
  readonly model: Plan['model'];
  readonly task: Omit<Plan['task'], 'template'>;
  readonly bos: number;
  readonly separator: readonly number[];
  readonly sequences: Sequences;
}

/**
 * Demonstration seed and learning rate: from the options, else the preset, else tuned for the model
 * and task.
 */
export function chosenNumbers(
  { seed, learningRate, settings }: Options,
  model: { readonly name: string; readonly digest: string },
  task: { readonly name: string },
  preset?: Pick<PaperSettings, 'seed' | 'learningRate'>,
): { readonly seed: number; readonly learningRate: number | null } {
  const tuned = preset ?? tunedDefaults(model.digest, task.name);
  const rate = settings.includes('finetuned') ? (learningRate ?? tuned?.learningRate) : null;
  if (rate === undefined) {
    throw new UserError(`no learning rate was tuned for ${model.name} on ${task.name}`, {
      option: 'learningRate',
      remedy: 'give one (dualform tune finds it), or leave finetuned out of `settings`',
    });
  }
  return { seed: seed ?? tuned?.seed ?? DEFAULT_SEED, learningRate: rate };
}

export function makePlan(
  { template, tap, settings, batchSize, steadyCheck }: Options,
  { seed, learningRate }: ReturnType<typeof chosenNumbers>,
  { model, task, bos, separator, sequences }: PlanParts,
): Plan {
  const { rows } = scoringOf(sequences.labelTokens, tap);
  const fed = sequences.queries.map(query => rows(query.tokens)[0]!);
  return deepFreeze({
    schema: 'dualform.plan/2',
    model: { ...model },
    task: {
      name: task.name,
      digest: task.digest,
      template,
      labels: [...task.labels],
      evaluationRows: task.evaluationRows,
      leaksExcluded: task.leaksExcluded,
    },
    settings: [...settings],
    tap,
    bos,
    separator: [...separator],
    shotsAsked: sequences.shotsAsked,
    shots: sequences.shots,
    seed,
    demonstrations: sequences.demonstrations.map(({ row }) => row),
    learningRate,
    steadyRows: steadyCheck && learningRate !== null ? Math.min(STEADY_ROWS, sequences.queries.length) : 0,
    examples: sequences.queries.length,
    batchSize,
    batches: batches(fed, { size: batchSize }),
    metrics: { variant: 2, kendallExamples: KENDALL_EXAMPLES, randomSeed: RANDOM_SEED },
  });
}

/** Converts a plan of schema 1, whose key for BOS was `documentStart`, to schema 2. */
export function upgradePlan(found: Json): Json {
  if (valueAt(found, 'schema') !== 'dualform.plan/1') return found;
  return { ...(renameKeys(found, { documentStart: 'bos' }) as object), schema: 'dualform.plan/2' };
}

/** One string that fixes every choice: the first 16 hex digits of SHA-256 over the plan. */
export function signatureOf(plan: Json): string {
  return createHash('sha256').update(canonicalJson(plan)).digest('hex').slice(0, 16);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
