import type * as z from 'zod';
import { UserError } from '../error.ts';
import type { FolderData } from './folder-data.ts';

/**
 * The result of a folder, checked.
 *
 * @throws UserError when it is not finished, or has not what the views show
 */
export function readResult<T>({ name, kind, result }: FolderData, schema: z.ZodType<T>): T {
  if (result === null) {
    throw new UserError(`${name}: not finished`, { remedy: 'the command that began it continues it' });
  }
  const { data, error } = schema.safeParse(result);
  if (data !== undefined) return data;
  const [issue] = error!.issues;
  throw new UserError(
    `${name}: its result is damaged, or of another version (${[issue!.path.join('.'), issue!.message].filter(Boolean).join(': ')})`,
    { remedy: `call dualform ${kind} again with its options: it makes the result anew from what is stored` },
  );
}
