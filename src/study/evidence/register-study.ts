import { join, resolve } from 'node:path';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { signatureOf } from '../../run/plan.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import type { EvidenceWishes } from './options.ts';
import type { EvidencePlan } from './plan.ts';
import { type PlannedStudy, planStudy } from './plan-study.ts';
import { register } from './registration.ts';

/** A study whose plan is in its folder. */
export interface Registration {
  readonly schema: 'dualform.evidence-registration/1';
  readonly signature: string;
  /** SHA-256 (hex) of the bytes of `plan.json`. */
  readonly registered: string;
  /** Absolute. */
  readonly folder: string;
  readonly plan: EvidencePlan;
}

/**
 * Fixes every choice of a study and writes them to `plan.json` of its folder. Nothing is computed:
 * the SHA-256 of the file, `registered`, can be published before.
 *
 * @throws UserError for the options, the model, a task, or a folder with another plan
 */
export async function registerEvidence(options: EvidenceWishes & Hooks = {}): Promise<Registration> {
  const { hooks, wishes } = splitHooks(options);
  return (await planAndRegister(wishes, hooks)).registration;
}

/**
 * Fixes every choice of a study and reads what it needs; nothing is written.
 *
 * @throws UserError for the options, the model or a task
 */
export async function planEvidence(options: EvidenceWishes & Hooks = {}): Promise<PlannedStudy> {
  const { hooks, wishes } = splitHooks(options);
  return planStudy(wishes, hooks);
}

/** As `registerEvidence`, with what the plan was read from. */
export async function planAndRegister(
  wishes: EvidenceWishes,
  hooks: Hooks,
): Promise<{ readonly planned: PlannedStudy; readonly registration: Registration }> {
  hooks.signal?.throwIfAborted();
  const planned = await planStudy(wishes, hooks);
  for (const { task } of planned.tasks) passOnWarnings(task, hooks.onWarning);
  hooks.signal?.throwIfAborted();
  const { plan } = planned;
  const signature = signatureOf(plan);
  const folder = resolve(hooks.out ?? join('runs', signature));
  const registered = await register(folder, plan);
  const schema = 'dualform.evidence-registration/1';
  return { planned, registration: { schema, signature, registered, folder, plan } };
}
