import type { LoadedModel } from '../../model/loaded-model.ts';
import type { LineChart } from '../../report/chart/line-chart.tsx';
import { forwardFlops, type Work } from '../../run/estimate/work.ts';
import type { Prepared } from '../../run/prepare.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Check } from '../../theory/check.ts';

/** A number that a chapter reports. */
export interface Finding {
  readonly what: string;
  /** Null with `why`. */
  readonly value: number | null;
  readonly why?: string;
}

/** A table of numbers. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string | null)[])[];
}

/** The result of a chapter. */
export interface ChapterResult {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  readonly tables: readonly Table[];
  readonly figure: LineChart | null;
}

/** Inputs of a chapter. */
export interface ChapterContext {
  /** Seed of random problems. */
  readonly seed: number;
  /** Model, task and token sequences; nothing is loaded. */
  readonly prepared: Prepared;
  /** Steps of every training from scratch. */
  readonly trainingSteps: number;
  readonly runtime: Runtime;
  readonly model: () => Promise<LoadedModel>;
  /** Reports progress; throws after an interruption. */
  readonly report: (doing: string, done: number, total: number) => void;
}

export interface Chapter {
  readonly title: string;
  /** Tokens and FLOPs through the model; 0 where the model has not what the chapter reads. */
  readonly work?: (prepared: Prepared) => Pick<Work, 'tokens' | 'flops'>;
  /** Number of trainings from scratch. */
  readonly trainings?: number;
  readonly compute: (context: ChapterContext) => Promise<ChapterResult>;
}

/** Rounds to six digits, for tables. */
export function rounded(x: number): number {
  return Number(x.toPrecision(6));
}

/** @param why the value is null */
export function findingOf(what: string, value: number | null, why = 'undefined in every head'): Finding {
  return value === null ? { what, value, why } : { what, value: rounded(value) };
}

/** The work of passes over T tokens after a prefix of P, without logits. */
export function workOfPasses(
  { decoder }: Pick<Prepared, 'decoder'>,
  passes: readonly { readonly T: number; readonly P: number }[],
): Pick<Work, 'tokens' | 'flops'> {
  return {
    tokens: passes.reduce((sum, { T }) => sum + T, 0),
    flops: passes.reduce((sum, { T, P }) => sum + forwardFlops(decoder, { T, P, reads: 0 }), 0),
  };
}
