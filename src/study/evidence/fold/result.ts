/** @file The result of a study: `result.json`. An undefined number is null with `why`. */
import type { Verdict } from '../../../statistics/verdict.ts';
import type { EvidencePlan, HypothesisId } from '../plan.ts';

/** A number over sets of demonstrations (seeds) and rows, with its 95 % interval. */
export type EvidenceEstimate = {
  /** Null with `why`. */
  readonly value: number | null;
  /** Null, with `why`, where there is no interval. */
  readonly low: number | null;
  readonly high: number | null;
  /** Standard error; 0 where nothing varies, null where it is not known. */
  readonly error: number | null;
  /** Degrees of freedom of t. */
  readonly df: number | null;
  /** Seeds and rows that count; no seeds for what reads no demonstrations. */
  readonly n: { readonly seeds: number; readonly rows: number };
  /**
   * Two-sided p of t for a true value of 0; null without an interval, absent where 0 is no
   * hypothesis.
   */
  readonly p?: number | null;
  /** p, adjusted for the same number of the other rows of its table (Benjamini and Hochberg). */
  readonly adjusted?: number | null;
  /** Pairs of row and layer that are null and left out. */
  readonly skipped?: number;
  /** Why something is null, or which seeds are left out and why. */
  readonly why?: string;
  /** Not planned as a hypothesis. */
  readonly exploratory?: true;
};

/** Whether what the study rests on holds: printed before any verdict. */
export type Gates = {
  /** G1: accuracy in context less zero-shot; passes where the interval is above 0. */
  readonly inContext: { readonly gain: EvidenceEstimate; readonly pass: boolean };
  /** G2: finetuning at a rate a millionth higher gives the same. */
  readonly steady: {
    /** The least over seeds of the mean cosine of plain and nudged update. */
    readonly cosine: number | null;
    /** Share of the answers that the nudge moves, of all seeds. */
    readonly moved: number | null;
    /** Null where it was not planned. */
    readonly pass: boolean | null;
    readonly why?: string;
  };
  /** G3: mean loss of the 16 training rows after the demonstrations. */
  readonly learned: {
    readonly before: number | null;
    readonly after: number | null;
    readonly pass: boolean;
    readonly why?: string;
  };
};

/** The similarity of a finetuned arm with an in-context one. */
export type LadderRow = {
  readonly model: 'trained' | 'untrained';
  /** Variant of the in-context arm. */
  readonly inContext: string;
  /** Variant of the finetuned arm; `other`: of other demonstrations of the task. */
  readonly finetuned: string;
  readonly S: EvidenceEstimate;
  /** As Dai et al.: normalised first. */
  readonly paper: EvidenceEstimate;
  readonly simAMDelta: EvidenceEstimate;
  readonly simAMDeltaCentred: EvidenceEstimate;
  /** S(I, F) of the trained `same` less this, over the seeds of both; null for itself. */
  readonly less: EvidenceEstimate | null;
  /** rho of the finetuned arm, against I of its own model. */
  readonly size: number | null;
};

/** Shared variation R_X, by what X is. */
export type SharedVariation = {
  readonly demonstrations: EvidenceEstimate & {
    /** Of the permutation test, as `permutations`. */
    readonly p: number | null;
    readonly permutations: number;
    readonly effectiveDimension: number | null;
  };
  readonly tokens: EvidenceEstimate;
  readonly labels: EvidenceEstimate;
  readonly order: EvidenceEstimate;
  readonly task: EvidenceEstimate;
  readonly query: EvidenceEstimate;
};

/** What each side reproduces of itself. */
export type Ceiling = {
  /** S(I, I with the demonstrations in another order). */
  readonly inContextOrder: EvidenceEstimate;
  /** S(I_d, I_e) of different seeds. */
  readonly inContextOther: EvidenceEstimate;
  readonly finetunedOrder: EvidenceEstimate;
  readonly finetunedOther: EvidenceEstimate;
  /** S(F, F at 4 times the rate). */
  readonly rate4: EvidenceEstimate;
  /** S(F, F at a rate a millionth higher). */
  readonly numerical: EvidenceEstimate;
  /** R_demo(I, I in another order). */
  readonly relI: EvidenceEstimate;
  readonly relF: EvidenceEstimate;
  /** R_demo(I, F) / sqrt(relI relF). */
  readonly share: EvidenceEstimate;
};

/** The pooled cosine P and the parts that add up to it. */
export type PartitionResult = {
  readonly total: EvidenceEstimate;
  readonly generic: EvidenceEstimate;
  readonly demonstration: EvidenceEstimate;
  readonly query: EvidenceEstimate;
  readonly interaction: EvidenceEstimate;
  /** Share of each part, in this order, of the squared in-context updates. */
  readonly ofInContext: readonly (number | null)[];
  readonly ofFinetuning: readonly (number | null)[];
};

/** Share of the in-context update that each explains, leaving out the row that it explains. */
export type ExplainedResult = {
  readonly constant: EvidenceEstimate;
  readonly finetuning: EvidenceEstimate;
  /** Constant less finetuning. */
  readonly difference: EvidenceEstimate;
};

/** The rows of one gold label and seed that zero-shot gets wrong, and how many are put right. */
export type Stratum = {
  readonly seed: number;
  readonly label: number;
  readonly n: number;
  readonly inContext: number;
  readonly finetuned: number;
  readonly both: number;
};

export type Behaviour = {
  readonly accuracy: {
    /** Its interval is t over rows. */
    readonly 'zero-shot': EvidenceEstimate;
    readonly 'in-context': EvidenceEstimate;
    readonly finetuned: EvidenceEstimate;
  };
  /** E by finetuned arm: its variant, or `untrained-same`, `untrained-unmatched`. */
  readonly shift: Readonly<Record<string, EvidenceEstimate>>;
  readonly rec2ftp: {
    readonly numerator: number;
    readonly denominator: number;
    readonly expected: number;
    readonly kappa: EvidenceEstimate;
    readonly oddsRatio: EvidenceEstimate;
    readonly strata: readonly Stratum[];
  };
  /** Cohen's, of the predictions of I and F. */
  readonly kappa: EvidenceEstimate;
  readonly orderSensitivity: {
    readonly inContext: EvidenceEstimate;
    readonly finetuned: EvidenceEstimate;
    /** Finetuned over in-context. */
    readonly ratio: EvidenceEstimate;
  };
};

export type Curves = {
  /** Over the seeds that have every multiple; empty where none is planned. */
  readonly rate: readonly {
    /** Of the rate of the task. */
    readonly multiple: number;
    readonly size: number | null;
    readonly same: EvidenceEstimate;
    /** With other demonstrations. */
    readonly other: EvidenceEstimate;
    readonly shift: EvidenceEstimate;
  }[];
  /** The curves over the rate at rho = 1, between two multiples linear in ln rho. */
  readonly rateAtSize1: {
    readonly same: EvidenceEstimate;
    readonly other: EvidenceEstimate;
  };
  /** Over the seeds that have every number of shots; empty where none is planned. */
  readonly shots: readonly {
    readonly shots: number;
    readonly S: EvidenceEstimate;
    readonly shift: EvidenceEstimate;
  }[];
  readonly layers: readonly {
    readonly layer: number;
    readonly S: EvidenceEstimate;
    readonly demonstrations: EvidenceEstimate;
    readonly labels: EvidenceEstimate;
    readonly order: EvidenceEstimate;
    readonly query: EvidenceEstimate;
  }[];
};

/** The numbers of Dai et al. with intervals, over all layers as in a run. */
export type PaperClaims = {
  readonly simAM: {
    readonly after: EvidenceEstimate;
    readonly before: EvidenceEstimate;
    readonly difference: EvidenceEstimate;
  };
  readonly kendall: {
    readonly after: EvidenceEstimate;
    /** With the queries of the untouched model. */
    readonly before: EvidenceEstimate;
    readonly difference: EvidenceEstimate;
    /** With the finetuned query of another row. */
    readonly permutedRows: EvidenceEstimate;
  };
  readonly simAOU: {
    readonly finetuned: EvidenceEstimate;
    /** With a vector uniform on [0, 1)^D. */
    readonly uniform: EvidenceEstimate;
    readonly difference: EvidenceEstimate;
  };
};

export type TaskEvidence = {
  readonly name: string;
  readonly k: number;
  readonly seeds: number;
  readonly rows: number;
  readonly behaviourRows: number;
  readonly rate: number;
  /** [S][S]: how many demonstrations two seeds share. */
  readonly overlap: readonly (readonly number[])[];
  readonly gates: Gates;
  readonly ladder: readonly LadderRow[];
  /** [S][S]: S of (I_d, F_e); null where an arm is missing. */
  readonly matrix: readonly (readonly (number | null)[])[];
  readonly permutedRows: EvidenceEstimate;
  readonly centred: EvidenceEstimate;
  readonly shared: SharedVariation;
  readonly ceiling: Ceiling;
  readonly partition: PartitionResult;
  readonly explained: ExplainedResult;
  readonly behaviour: Behaviour;
  readonly curves: Curves;
  readonly paperClaims: PaperClaims;
  /** Numbers of added arms and contrasts that have no other place, by name. */
  readonly contrasts: Readonly<Record<string, EvidenceEstimate>>;
  /** What may be said of the task that belongs to no single hypothesis. */
  readonly sentences: readonly string[];
};

export type HypothesisResult = {
  readonly id: HypothesisId;
  readonly task: string;
  readonly statistic: string;
  readonly value: EvidenceEstimate;
  /** By permutation for H1, else by t; null tests nothing. */
  readonly p: number | null;
  /** p, adjusted for all hypotheses of the study (Holm). */
  readonly adjusted: number | null;
  readonly delta: number;
  /** The least effect that a study with this error finds in 80 %. */
  readonly mde: number | null;
  readonly verdict: Verdict['verdict'];
  readonly sentence: string;
};

export type EvidenceResult = {
  readonly schema: 'dualform.evidence/1';
  readonly signature: string;
  /** SHA-256 (hex) of the bytes of `plan.json`. */
  readonly registered: string;
  readonly model: EvidencePlan['model'] & {
    readonly layers: number;
    readonly heads: number;
    readonly hiddenSize: number;
  };
  readonly tasks: readonly TaskEvidence[];
  readonly hypotheses: readonly HypothesisResult[];
  /**
   * By task: the rank correlation over finetuned arms of S with E, its mean over seeds with t.
   */
  readonly predictsBehaviour: Readonly<Record<string, EvidenceEstimate | true>> & { readonly exploratory: true };
  readonly seesBefore: readonly string[];
};
