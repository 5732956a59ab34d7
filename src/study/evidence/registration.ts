/**
 * @file The registration of a study: the bytes of its plan, which are written before the first arm,
 * and their SHA-256.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { claimFolder, makeFolder, readJson } from '../../files/run-folder.ts';
import type { EvidencePlan } from './plan.ts';

const PLAN = 'plan.json';

/** The bytes of `plan.json`. */
export function planText(plan: EvidencePlan): string {
  return prettyJson(plan);
}

/** SHA-256 (hex) of the bytes of `plan.json`. */
export function registrationOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Writes the plan into its folder, or finds it there. Several processes may do so at once.
 *
 * @returns the registration
 * @throws UserError when the folder holds another plan or other files, or the disk refuses
 */
export async function register(folder: string, plan: EvidencePlan): Promise<string> {
  const lock = await makeFolder(folder);
  try {
    await claimFolder(folder, plan);
  } finally {
    await lock.release();
  }
  const registered = registrationOf(planText(plan));
  const found = registrationOf(await readFile(join(folder, PLAN)));
  if (found === registered) return registered;
  throw new UserError(`${join(folder, PLAN)}: its bytes were changed: its SHA-256 is ${found}, not ${registered}`, {
    remedy: 'restore the file as it was registered',
  });
}

/**
 * The plan of a folder and its registration.
 *
 * @throws UserError when the folder holds no study
 */
export async function readRegistered(
  folder: string,
): Promise<{ readonly plan: EvidencePlan; readonly registered: string }> {
  const path = join(folder, PLAN);
  const found = (await readJson(path)) as EvidencePlan | undefined;
  if (found?.schema !== 'dualform.evidence-plan/1') {
    throw new UserError(`${folder}: holds no evidence study`, { remedy: 'name the `out` of one' });
  }
  return { plan: found, registered: registrationOf(await readFile(path)) };
}
