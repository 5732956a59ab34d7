import { join, resolve } from 'node:path';
import type { Json } from '../../files/canonical-json.ts';
import { valueAt } from '../../files/rename-keys.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { checkOptions } from '../../options.ts';
import { type Plan, signatureOf, upgradePlan } from '../../run/plan.ts';
import { type Prepared, prepare } from '../../run/prepare.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { type ChapterNumber, type TheoryWishes, theoryOptions } from './options.ts';

/** Finished chapters stay when `signal` stops the work. */
export type TheoryOptions = TheoryWishes & Hooks;

/** Every choice that decides the numbers of a chapter, whichever chapters are computed. */
export type TheoryPlan = {
  /** A release that changes a number of the study raises the number of the schema. */
  readonly schema: 'dualform.theory-plan/2';
  readonly seed: number;
  readonly trainingSteps: number;
  readonly experiment: Plan;
};

/** Upgrades the plan of the run in a plan of an earlier version. */
export function upgradeTheoryPlan(found: Json): Json {
  const experiment = valueAt(found, 'experiment');
  return experiment === undefined ? found : { ...(found as object), experiment: upgradePlan(experiment) };
}

/** The study before its first computation. */
export interface PreparedTheory {
  readonly prepared: Prepared;
  readonly plan: TheoryPlan;
  readonly signature: string;
  /** Absolute. */
  readonly folder: string;
  readonly wanted: readonly ChapterNumber[];
}

/** Queries of the model chapters at most. */
const QUERIES = 4;

/** @throws UserError when an option, the model or the task is wrong */
export async function prepareTheory(options: TheoryOptions): Promise<PreparedTheory> {
  const { hooks, wishes } = splitHooks(options);
  const { out, signal, onWarning } = hooks;
  const { chapters: wanted, seed, trainingSteps, ...ofModel } = checkOptions(theoryOptions, wishes);
  signal?.throwIfAborted();
  const prepared = await prepare({ ...ofModel, limit: QUERIES }, hooks);
  signal?.throwIfAborted();
  passOnWarnings(prepared.task, onWarning);
  const plan: TheoryPlan = { schema: 'dualform.theory-plan/2', seed, trainingSteps, experiment: prepared.plan };
  const signature = signatureOf(plan);
  return { prepared, plan, signature, folder: resolve(out ?? join('runs', `theory-${signature}`)), wanted };
}
