import { isAbsolute } from 'node:path';
import { UserError } from '../error.ts';

/**
 * A path below the user's home directory. A process may have none: HOME is not set and its user has
 * no entry in the system's list.
 *
 * @param remedy what the user can do then
 * @throws UserError naming the remedy
 */
export function atHome(makePath: () => string, remedy: string): string {
  let path: string | undefined;
  let cause: unknown;
  try {
    path = makePath();
  } catch (error) {
    cause = error;
  }
  if (path !== undefined && isAbsolute(path)) return path;
  throw new UserError(`there is no home directory: HOME is not set; ${remedy}`, { cause });
}
