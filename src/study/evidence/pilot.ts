import { UserError } from '../../error.ts';
import { readRegistered } from './registration.ts';

/**
 * The registration of the study whose variances plan another.
 *
 * @throws UserError when the folder holds no study, or one of another model
 */
export async function pilotOf(folder: string, modelDigest: string): Promise<string> {
  const { plan, registered } = await readRegistered(folder);
  if (plan.model.digest === modelDigest) return registered;
  throw new UserError(`holds a study of another model, ${plan.model.name}`, {
    option: 'pilot',
    value: folder,
    remedy: 'its variances say nothing of this one',
  });
}
