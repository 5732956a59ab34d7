/**
 * @file What a study is computed as: cells whose files are those of the study. A cell holds units of
 * arms, or the learning rates that other arms need first.
 */
import type { Cell } from '../../cell/cell.ts';
import { fileNameOf } from './arm.ts';
import { taskFolder } from './arm-store.ts';
import { matchedStepsOf } from './learning-rates.ts';
import { type MatchedRates, type MatchedSteps, type RatesBySteps, ratesOf, readMatchedRates } from './matched-rates.ts';
import type { EvidencePlan, TaskPlan } from './plan.ts';
import type { Unit } from './units.ts';

/** Of the files of a study. */
export const SCHEMA = 'dualform.evidence-plan/1';

/** Names the study of a cell. */
export type StudyName = {
  /** The options by which another process plans it. */
  readonly options: Cell['options'];
  /** The signature of its plan. */
  readonly plan: string;
};

/** Computes arms that share a set of demonstrations. */
export type UnitPart = {
  readonly study: StudyName;
  readonly task: string;
  /** Ids, in the order in which they are computed. */
  readonly arms: readonly string[];
  /** Matched in size, those that these arms need. */
  readonly rates: RatesBySteps;
};

/** Matches the rates that a study lacks. */
export type RatesPart = {
  readonly study: StudyName;
  /** By task. */
  readonly matching: {
    readonly [task: string]: { readonly steps: readonly MatchedSteps[]; readonly known: MatchedRates | null };
  };
};

export type Part = UnitPart | RatesPart;

export function partIn({ options }: Pick<Cell, 'options'>): Part {
  return options as unknown as Part;
}

/** The files of a unit, without their folder and their ending. */
export function armFilesOf({ arms }: UnitPart): readonly string[] {
  return arms.map(id => fileNameOf({ id }));
}

/** The cells of a study in stages: those of a stage need what the stages before it left. */
export interface PartsOfStudy {
  readonly kind: string;
  readonly study: StudyName;
  readonly plan: Pick<EvidencePlan, 'tasks'>;
  /** Of the study. */
  readonly folder: string;
  /** Of which arms are missing. */
  readonly units: readonly Unit[];
}

/**
 * Cells that need nothing first: the missing rates, and the arms of the trained model at rates that
 * are not matched.
 */
export async function firstCells(parts: PartsOfStudy): Promise<readonly Cell[]> {
  const rates = await ratesCell(parts);
  const units = parts.units.filter(unit => !isLate(unit)).map(unit => unitCell(parts, unit, {}));
  return rates === undefined ? units : [rates, ...units];
}

/** The other cells; `matched-rates.json` is there. */
export async function lastCells(parts: PartsOfStudy): Promise<readonly Cell[]> {
  const rates = new Map<string, RatesBySteps>();
  for (const task of parts.plan.tasks) {
    const found = await readMatchedRates(taskFolder(parts.folder, task));
    rates.set(task.name, found === undefined ? {} : ratesOf(found));
  }
  return parts.units.filter(isLate).map(unit => unitCell(parts, unit, rates.get(unit.task.name)!));
}

/** Untrained models come last, together, so that each is written once. */
function isLate({ arms, initialisation }: Unit): boolean {
  return initialisation > 0 || arms.some(arm => matchedStepsOf(arm) !== undefined);
}

function unitCell({ kind, study }: PartsOfStudy, { task, arms }: Unit, matched: RatesBySteps): Cell {
  const needed = new Set(arms.map(matchedStepsOf));
  const rates = Object.fromEntries(Object.entries(matched).filter(([steps]) => needed.has(steps as MatchedSteps)));
  const part: UnitPart = { study, task: task.name, arms: arms.map(({ id }) => id), rates };
  return { kind, options: part as unknown as Cell['options'], schema: SCHEMA };
}

/** Undefined when every rate that a unit needs is known. */
async function ratesCell({ kind, study, plan, folder, units }: PartsOfStudy): Promise<Cell | undefined> {
  const matching: Record<string, RatesPart['matching'][string]> = {};
  for (const task of plan.tasks) {
    const known = (await readMatchedRates(taskFolder(folder, task))) ?? null;
    const steps = stepsOf(units, task).filter(each => known?.rates[each] === undefined);
    if (steps.length > 0) matching[task.name] = { steps, known };
  }
  if (Object.keys(matching).length === 0) return undefined;
  const part: RatesPart = { study, matching };
  return { kind, options: part as unknown as Cell['options'], schema: SCHEMA };
}

/** The steps of which the arms of a task need a matched rate, the trained model first. */
function stepsOf(units: readonly Unit[], task: TaskPlan): readonly MatchedSteps[] {
  const own = units.filter(unit => unit.task.name === task.name).flatMap(({ arms }) => arms.map(matchedStepsOf));
  return [...new Set(own.filter(steps => steps !== undefined))];
}
