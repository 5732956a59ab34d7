import type { LoadedModel } from '../../model/loaded-model.ts';
import { forwardFlops, type Work } from '../../run/estimate/work.ts';
import type { Prepared } from '../../run/prepare.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Check } from '../../theory/check.ts';

/** A number that a chapter found, for a reader. */
export interface Finding {
  readonly what: string;
  /** Null with `why`. */
  readonly value: number | null;
  readonly why?: string;
}

/** Numbers side by side. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string | null)[])[];
}

/** What a chapter computes. */
export interface ChapterResult {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  readonly tables: readonly Table[];
  /** SVG; null where there is nothing to draw. */
  readonly figure: string | null;
}

/** What a chapter may use. */
export interface Workplace {
  /** Of random problems. */
  readonly seed: number;
  /** Model, task and token sequences; nothing is loaded. */
  readonly prepared: Prepared;
  /** Of every training from scratch. */
  readonly trainingSteps: number;
  readonly runtime: Runtime;
  readonly model: () => Promise<LoadedModel>;
  /** Throws when the user asked to stop. */
  readonly report: (doing: string, done: number, total: number) => void;
}

export interface Chapter {
  readonly title: string;
  /** What goes through the model, where the model has what the chapter reads. */
  readonly work?: (prepared: Prepared) => Pick<Work, 'tokens' | 'flops'>;
  /** Trainings from scratch. */
  readonly trainings?: number;
  readonly compute: (workplace: Workplace) => Promise<ChapterResult>;
}

/** Tables hold what a reader can use: six digits. */
export function rounded(x: number): number {
  return Number(x.toPrecision(6));
}

/** @param why the value is null */
export function findingOf(what: string, value: number | null, why = 'undefined in every head'): Finding {
  return value === null ? { what, value, why } : { what, value: rounded(value) };
}

/** The work of passes over sequences of T tokens behind P of prefix, the head read at none. */
export function workOfPasses(
  { decoder }: Pick<Prepared, 'decoder'>,
  passes: readonly { readonly T: number; readonly P: number }[],
): Pick<Work, 'tokens' | 'flops'> {
  return {
    tokens: passes.reduce((sum, { T }) => sum + T, 0),
    flops: passes.reduce((sum, { T, P }) => sum + forwardFlops(decoder, { T, P, reads: 0 }), 0),
  };
}
