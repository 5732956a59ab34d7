import { UserError } from '../../error.ts';
import { get, type Http, persist, readText } from './http.ts';
import { formatHubId, type HubId, isCommit } from './hub-id.ts';
import { refusal } from './refusal.ts';

/** A file of a model or data set in the hub's listing. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /**
   * The name of the blob in the cache: SHA-256 of the content for large files, git's blob SHA-1 for
   * small ones.
   */
  readonly etag: string;
}

export interface Listing {
  readonly commit: string;
  /** By name: of a model, the files in its top folder; of a data set, all files, by path. */
  readonly files: ReadonlyMap<string, HubFile>;
}

// A page of a thousand files takes less than a megabyte; no model has a thousand pages in its top
// folder.
const MAX_ANSWER_BYTES = 20_000_000;
const MAX_FILES = 20_000;

/**
 * Asks the hub for the commit behind a revision, and for the files of that commit.
 *
 * @throws UserError when the hub does not know the model or data set, does not allow access, or
 * cannot be reached
 */
export async function listRepository(id: HubId, http: Http): Promise<Listing> {
  // Loading takes 40 ms, which commands without network should not spend.
  const { datasetInfo, listFiles, modelInfo } = await import('@huggingface/hub');
  const hub = { hubUrl: http.endpoint, fetch: hubFetch(id, http) };
  try {
    const whole = id.kind === 'dataset';
    const ask = { ...hub, name: id.name, revision: id.revision, additionalFields: ['sha' as const] };
    const { sha } = whole ? await datasetInfo(ask) : await modelInfo(ask);
    if (typeof sha !== 'string' || !isCommit(sha)) throw strange(id, http);
    const files = new Map<string, HubFile>();
    for await (const entry of listFiles({
      ...hub,
      repo: { type: id.kind ?? 'model', name: id.name },
      revision: sha,
      recursive: whole,
    })) {
      const file = fileOf(entry, whole ? TREE_PATH : PLAIN_NAME);
      if (file !== undefined) files.set(file.path, file);
      if (files.size > MAX_FILES)
        throw new UserError(
          `${formatHubId(id)}: more than ${MAX_FILES} files; not a ${whole ? 'data set' : 'model'} that is read`,
        );
    }
    return { commit: sha, files };
  } catch (error) {
    http.signal?.throwIfAborted();
    // The library does not validate answers and throws on unexpected ones.
    throw error instanceof UserError ? error : strange(id, http, error);
  }
}

function strange(id: HubId, { endpoint }: Http, cause?: unknown): UserError {
  const host = new URL(endpoint).host;
  return new UserError(`${formatHubId(id)}: ${host} does not answer as a hub does; check HF_ENDPOINT`, { cause });
}

interface Entry {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly oid?: string;
  readonly lfs?: { readonly oid: string };
}

// Names become paths: only plain names are taken, in a data set also in folders.
const PLAIN_NAME = /^[\w][\w.-]{0,199}$/;
const TREE_PATH = /^(?:[\w][\w.+=-]{0,199}\/){0,8}[\w][\w.+=-]{0,199}$/;

function fileOf({ type, path, size, oid, lfs }: Entry, names: RegExp): HubFile | undefined {
  const etag = lfs?.oid ?? oid;
  const plain = type === 'file' && typeof path === 'string' && names.test(path) && !path.includes('..');
  if (!plain || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (typeof etag !== 'string' || !(lfs === undefined ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(etag))
    return undefined;
  return { path, bytes: size, etag };
}

/** `fetch` for the library, with the redirects, retries, limits and messages of this module. */
function hubFetch(id: HubId, http: Http): typeof fetch {
  return input =>
    persist(formatHubId(id), http, () =>
      get(String(input), { accept: 'application/json' }, http, async (response, alive) => {
        if (!response.ok) throw refusal(response, id, undefined, http);
        const text = await readText(response, MAX_ANSWER_BYTES, alive);
        const link = response.headers.get('link');
        return new Response(text, { headers: link === null ? {} : { link } });
      }),
    );
}
