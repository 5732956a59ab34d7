import { UserError } from '../../error.ts';
import type { Http } from './http.ts';
import { formatHubId, type HubId, hubPath } from './hub-id.ts';

/**
 * The error for an unsuccessful answer. The hub reports hidden repositories as missing, so that the
 * message mentions the token in both cases.
 *
 * @param file the requested one, undefined for the model or data set itself
 */
export function refusal(response: Response, id: HubId, file: string | undefined, { endpoint, token }: Http): UserError {
  const { status } = response;
  const code = response.headers.get('x-error-code') ?? '';
  const what = file === undefined ? formatHubId(id) : `${formatHubId(id)}/${file}`;
  const host = new URL(endpoint).host;
  const noun = id.kind === 'dataset' ? 'data set' : 'model';
  const page = `${endpoint}/${hubPath(id)}`;
  const fail = (text: string) => new UserError(`${what}: ${text}`);
  if (code === 'GatedRepo') {
    const then = token === undefined ? 'set HF_TOKEN to a token of that account' : 'pull again';
    return fail(`the ${noun} is gated; accept its conditions on ${page} while logged in, then ${then}`);
  }
  if (code === 'RevisionNotFound') return fail(`there is no revision ${JSON.stringify(id.revision)}; see ${page}`);
  if (code === 'EntryNotFound') return fail(`${host} has no such file; pull again, the ${noun} may have changed`);
  if (code === 'RepoNotFound' || status === 404) {
    return fail(
      `${host} has no such ${noun}${token === undefined ? ', or it is private (then set HF_TOKEN)' : ' that HF_TOKEN may see'}; check the name`,
    );
  }
  if (status === 401) {
    return fail(
      token === undefined
        ? `${host} has no such ${noun}, or asks for a token; check the name, or set HF_TOKEN`
        : `${host} refuses HF_TOKEN; make a new token at ${endpoint}/settings/tokens`,
    );
  }
  if (status === 403) {
    return fail(
      token === undefined
        ? `${host} asks for a token; set HF_TOKEN`
        : `HF_TOKEN may not read this ${noun}; allow it at ${endpoint}/settings/tokens, or ask for access on ${page}`,
    );
  }
  return fail(`${host} answers with status ${status}; try again later`);
}
