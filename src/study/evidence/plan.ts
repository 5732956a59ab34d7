import type { Plan } from '../../run/plan.ts';
import type { TemplateVariant } from '../../task/task.ts';

export const hypothesisIds = ['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7', 'H8'] as const;
export type HypothesisId = (typeof hypothesisIds)[number];

/** What is planned for one task. */
export type TaskPlan = {
  readonly name: string;
  readonly digest: string;
  readonly template: TemplateVariant;
  readonly labels: readonly string[];
  /** Demonstrations of every set: the least that fits over all seeds. */
  readonly k: number;
  readonly shotsAsked: number;
  /** Sets of demonstrations: seeds 1 to this. */
  readonly seeds: number;
  /** Rows whose taps are stored. */
  readonly rows: number;
  /** Rows whose answers are stored, in Z and trained `same`. At least `rows`. */
  readonly behaviourRows: number;
  /** Learning rate of finetuning. */
  readonly rate: number;
  /** The other task of the `task` arms; null without them. */
  readonly otherTask: {
    readonly name: string;
    readonly digest: string;
    readonly template: TemplateVariant;
    readonly k: number;
  } | null;
  /** Ids of all arms. */
  readonly arms: readonly string[];
};

/** The smallest effects worth caring about. */
export type SmallestEffects = {
  readonly similarity: 0.05;
  readonly sharedVariation: 0.2;
  readonly kappa: 0.2;
  readonly explainedShift: 0.1;
};

/** A confirmatory hypothesis. */
export type HypothesisPlan = {
  readonly id: HypothesisId;
  readonly task: string;
  /** The number that it is about, as `R_demo(I, F)`. */
  readonly statistic: string;
  /** The smallest effect worth caring about. */
  readonly delta: number;
};

/**
 * Every choice of a study, registered before the first arm: `plan.json`. Its SHA-256 is the
 * registration.
 */
export type EvidencePlan = {
  readonly schema: 'dualform.evidence-plan/1';
  readonly preset: string;
  readonly model: Plan['model'];
  /** What the fold needs to know of the model, which it does not open. */
  readonly sizes: {
    readonly layers: number;
    readonly heads: number;
    readonly hiddenSize: number;
    /** Whether positions are rotary (`model.hasRotaryPositions`). */
    readonly rotary: boolean;
  };
  readonly bos: number;
  readonly separator: readonly number[];
  readonly tap: 'prompt-end';
  readonly batchSize: number;
  /** First number of every random stream (`statistics.randomStream`). */
  readonly streams: 7001;
  readonly tasks: readonly TaskPlan[];
  readonly hypotheses: readonly HypothesisPlan[];
  readonly statistics: {
    readonly alpha: 0.05;
    readonly multiplicity: 'Holm over all hypotheses';
    /** Drawn permutations of H1 where not all are enumerated. */
    readonly permutations: 100_000;
    /** Smallest effects worth caring about: of S, R_X, kappa_R and E. */
    readonly smallestEffects: SmallestEffects;
    /** Number of the definitions; raised by a release that changes a number. */
    readonly variant: 1;
  };
  /** What was looked at before. */
  readonly seenBefore: readonly string[];
  /** Registration of the study whose variances planned this one; null without one. */
  readonly pilot: string | null;
};
