import { resolve } from 'node:path';
import { UserError } from '../../error.ts';
import { addAdditions, readAdditions } from './additions.ts';
import type { Contrast } from './fold/contrasts.ts';
import type { EvidenceEstimate } from './fold/result.ts';
import { openArms } from './fold/task-arms.ts';
import { readStudy } from './fold-folder.ts';

/** A number of one's own over the stored arms of a task. */
export interface OwnContrast extends Contrast {
  /** Name of a task of the study. */
  readonly task: string;
  /** What it is, in words; written to `additions.json`. */
  readonly description: string;
}

/**
 * Computes a number from the stored arms of a study, and lists it with its value in
 * `additions.json`. It is exploratory: the plan does not have it.
 *
 * @throws UserError when the study has no such task, an arm is missing, or `additions.json` has the
 * contrast with another value
 */
export async function foldOwnContrast(
  folder: string,
  { task, id, description, value: numberOf }: OwnContrast,
): Promise<EvidenceEstimate> {
  const place = resolve(folder);
  const { registered, tasks } = await readStudy(place);
  const data = tasks.find(({ plan }) => plan.name === task);
  if (data === undefined) throw new UserError(`the study has no task ${task}`);
  const added = (await readAdditions(place, registered)).filter(each => each.kind === 'arm' && each.task === task);
  const arms = await openArms(
    data,
    added.map(each => each.id),
  );
  const value: EvidenceEstimate = { ...(await numberOf(arms)), exploratory: true };
  await addAdditions(place, registered, [{ kind: 'contrast', id, task, description, value }]);
  return value;
}
