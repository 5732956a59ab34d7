/**
 * @file What a study is computed as: cells whose files are those of the study. A cell holds units of
 * arms, or the learning rates that other arms need first.
 */
import type { Cell } from '../../cell/cell.ts';
import { fileNameOf, readArm } from './arm.ts';
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

/** What the cells of a study are made from. */
export interface PartsOfStudy {
  readonly kind: string;
  readonly study: StudyName;
  readonly plan: Pick<EvidencePlan, 'tasks'>;
  /** Of the study. */
  readonly folder: string;
  /** Of which arms are missing. */
  readonly units: readonly Unit[];
}

type CellsOf = (parts: PartsOfStudy) => Promise<readonly Cell[]>;

/**
 * The cells of a study in stages: those of a stage need what the stages before it left. The first
 * one has the arms at rates that are not matched; every other one the arms of a model whose rates the
 * stage before it has matched, then the rates of the next model. A process that computes all stages
 * opens each model once.
 */
export function stagesOf({ tasks }: Pick<EvidencePlan, 'tasks'>): readonly CellsOf[] {
  const last = Math.max(...tasks.flatMap(({ arms }) => arms.map(id => readArm(id).initialisation)));
  const first: CellsOf = async parts => [
    ...(await ratesCells(parts, 0)),
    ...parts.units.filter(unit => !isLate(unit)).map(unit => unitCell(parts, unit, {})),
  ];
  const others = Array.from(
    { length: last + 1 },
    (_, initialisation): CellsOf =>
      async parts => [...(await lateCells(parts, initialisation)), ...(await ratesCells(parts, initialisation + 1))],
  );
  return [first, ...others];
}

async function lateCells(parts: PartsOfStudy, initialisation: number): Promise<readonly Cell[]> {
  const rates = new Map<string, RatesBySteps>();
  for (const task of parts.plan.tasks) {
    const found = await readMatchedRates(taskFolder(parts.folder, task));
    rates.set(task.name, found === undefined ? {} : ratesOf(found));
  }
  return parts.units
    .filter(unit => isLate(unit) && unit.initialisation === initialisation)
    .map(unit => unitCell(parts, unit, rates.get(unit.task.name)!));
}

function isLate({ arms, initialisation }: Unit): boolean {
  return initialisation > 0 || arms.some(arm => matchedStepsOf(arm) !== undefined);
}

function unitCell({ kind, study }: PartsOfStudy, { task, arms }: Unit, matched: RatesBySteps): Cell {
  const needed = new Set(arms.map(matchedStepsOf));
  const rates = Object.fromEntries(Object.entries(matched).filter(([steps]) => needed.has(steps as MatchedSteps)));
  const part: UnitPart = { study, task: task.name, arms: arms.map(({ id }) => id), rates };
  return { kind, options: part as unknown as Cell['options'], schema: SCHEMA };
}

/**
 * Matches the rates of a model for all arms of the plan, where a unit needs these rates or those of
 * a later model. So every process matches in the same order, and no two of them write different
 * rates into one file.
 */
async function ratesCells(
  { kind, study, plan, folder, units }: PartsOfStudy,
  initialisation: number,
): Promise<readonly Cell[]> {
  if (lastMatchedModel(units) < initialisation) return [];
  const matching: Record<string, RatesPart['matching'][string]> = {};
  for (const task of plan.tasks) {
    const known = (await readMatchedRates(taskFolder(folder, task))) ?? null;
    const steps = stepsToMatch(task, initialisation).filter(each => known?.rates[each] === undefined);
    if (steps.length > 0) matching[task.name] = { steps, known };
  }
  if (Object.keys(matching).length === 0) return [];
  const part: RatesPart = { study, matching };
  return [{ kind, options: part as unknown as Cell['options'], schema: SCHEMA }];
}

/** The last model whose rates are matched for some units; -1 where none needs matched rates. */
export function lastMatchedModel(units: readonly Unit[]): number {
  return Math.max(-1, ...units.filter(isLate).map(({ initialisation }) => initialisation));
}

/** The steps of a model whose rate the arms of a task need matched. */
export function stepsToMatch({ arms }: TaskPlan, initialisation: number): readonly MatchedSteps[] {
  const own = arms.map(readArm).filter(arm => arm.initialisation === initialisation);
  return [...new Set(own.map(matchedStepsOf).filter(steps => steps !== undefined))];
}
