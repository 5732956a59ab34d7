import { UserError } from '../../error.ts';

/** The error of a request that a server does not answer with what was requested. */
export function refusal(address: string | URL, { status, statusText }: Response): UserError {
  return new UserError(`${address}: the server answers ${status} ${statusText}`.trimEnd());
}
