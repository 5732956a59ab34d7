import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../error.ts';

/** Waits and retries of downloads; tests use shorter ones. */
export interface Pace {
  /** Tries without any progress before giving up. */
  readonly tries: number;
  /** Wait before the second try; doubled for each one after. */
  readonly backOffMs: number;
  /** The longest wait between two tries, even if a server asks for more. */
  readonly longestWaitMs: number;
  /** A connection that sends nothing for this time is closed. */
  readonly silentMs: number;
  /** A partial file that was not touched for this time was left by a process that ended. */
  readonly abandonedMs: number;
  /** Between two checks on a download of another process. */
  readonly lookMs: number;
}

export const PATIENT: Pace = {
  tries: 6,
  backOffMs: 500,
  longestWaitMs: 60_000,
  silentMs: 30_000,
  abandonedMs: 10_000,
  lookMs: 250,
};

/** Where requests go, and how they are retried. */
export interface Http {
  readonly endpoint: string;
  /** Sent only to the endpoint's own origin. */
  readonly token: string | undefined;
  readonly pace: Pace;
  readonly signal: AbortSignal | undefined;
}

/** A failure that may be temporary: the next try can succeed. */
export class Setback extends Error {
  override readonly name = 'Setback';
  /** The wait that the server requests. */
  readonly waitMs: number | undefined;

  constructor(message: string, options: { readonly waitMs?: number | undefined; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.waitMs = options.waitMs;
  }
}

// Browsers follow twenty; the hub needs two: to the repository's new name, and to the store of
// large files.
const MAX_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/**
 * Repeats `attempt` after setbacks, with a longer wait each time, or the wait that the server asks
 * for. A call of `progressed` resets the number of tries. Own code: `p-retry` would save 20 lines
 * of 40, but it can neither reset the tries nor wait as long as a server asks, and from version 8
 * on it needs Node 22.
 *
 * @throws UserError that starts with `what` when no try is left; any other error of `attempt`
 */
export async function persist<T>(
  what: string,
  { pace, signal }: Http,
  attempt: (progressed: () => void) => Promise<T>,
): Promise<T> {
  let failures = 0;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Setback)) throw error;
      failures++;
      if (failures >= pace.tries) {
        throw new UserError(`${what}: ${error.message}; try again later, what was downloaded is kept`, {
          cause: error,
        });
      }
      await wait(error.waitMs ?? backOff(pace.backOffMs, failures), pace.longestWaitMs, signal);
    }
  }
}

// Clients that lost their connection at the same time should not reconnect at the same time.
function backOff(first: number, failures: number): number {
  return first * 2 ** (failures - 1) * (0.75 + Math.random() / 2);
}

async function wait(ms: number, longest: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(Math.min(Math.max(ms, 0), longest), undefined, signal && { signal }).catch(error => {
    signal?.throwIfAborted();
    throw error;
  });
}

/**
 * One GET: follows redirects and passes the response to `use`. The token is sent to the endpoint's
 * origin only, and not after a redirect to another origin.
 *
 * @param use reads the body; calls `alive` whenever bytes arrive, so that the connection does not
 * count as silent
 * @throws Setback for failures that may be temporary; UserError for wrong redirects
 */
export async function get<T>(
  address: string,
  headers: Readonly<Record<string, string>>,
  http: Http,
  use: (response: Response, alive: () => void) => Promise<T>,
): Promise<T> {
  const silence = new AbortController();
  const { host } = new URL(address);
  const timer = setTimeout(() => silence.abort(), http.pace.silentMs);
  const alive = () => {
    timer.refresh();
  };
  const signal = http.signal ? AbortSignal.any([silence.signal, http.signal]) : silence.signal;
  try {
    const response = await follow(address, headers, http, signal);
    try {
      if (PASSING.includes(response.status)) {
        const waitMs = retryAfter(response.headers.get('retry-after'), Date.now());
        throw new Setback(`${host} answers with status ${response.status}`, { waitMs });
      }
      alive();
      return await use(response, alive);
    } finally {
      // A body that is not read to its end must not keep the connection open.
      if (!response.bodyUsed) await response.body?.cancel().catch(() => undefined);
    }
  } catch (error) {
    http.signal?.throwIfAborted();
    if (silence.signal.aborted) throw new Setback(`${host} is silent`, { cause: error });
    throw isBrokenConnection(error) ? new Setback(`${host}: ${brokenBy(error)}`, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

async function follow(
  address: string,
  headers: Readonly<Record<string, string>>,
  { endpoint, token }: Http,
  signal: AbortSignal,
): Promise<Response> {
  const home = new URL(endpoint).origin;
  const seen = new Set<string>();
  let trusted = true;
  let at = new URL(address);
  for (;;) {
    trusted &&= at.origin === home;
    if (seen.has(at.href) || seen.size > MAX_REDIRECTS) {
      throw new UserError(
        `${new URL(address).host}: its redirects lead nowhere; check HF_ENDPOINT, or try again later`,
      );
    }
    seen.add(at.href);
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { ...headers, ...(trusted && token !== undefined && { authorization: `Bearer ${token}` }) },
      signal,
    });
    if (!REDIRECTS.includes(response.status)) return response;
    await response.body?.cancel();
    at = redirectTarget(response.headers.get('location'), at);
  }
}

function redirectTarget(location: string | null, from: URL): URL {
  const target = location !== null && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const allowed = from.protocol === 'https:' ? ['https:'] : ['https:', 'http:'];
  if (target !== undefined && allowed.includes(target.protocol)) return target;
  throw new UserError(`${from.host}: redirects to an address that is not to be trusted; check HF_ENDPOINT`);
}

/** `Retry-After` in milliseconds: seconds, or a date. */
export function retryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return 1000 * Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

// fetch reports every failure of the network as a TypeError with the system's error as its cause.
function isBrokenConnection(error: unknown): boolean {
  return error instanceof TypeError && (error.cause instanceof Error || /terminated|fetch failed/.test(error.message));
}

const BREAKS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host, or no network',
  EAI_AGAIN: 'the host name cannot be resolved; is there a network?',
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer',
  ENETUNREACH: 'the network cannot be reached',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

function brokenBy(error: unknown): string {
  const { cause } = error as Error;
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = (inner as NodeJS.ErrnoException | undefined)?.code;
  return (code !== undefined && BREAKS[code]) || `the connection failed${code === undefined ? '' : ` (${code})`}`;
}

/** The whole body as text. @throws UserError when it has more than `most` bytes */
export async function readText(response: Response, most: number, alive: () => void): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    alive();
    bytes += chunk.length;
    if (bytes > most)
      throw new UserError(`${hostOf(response)}: its answer has more than ${most} bytes; check HF_ENDPOINT`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function hostOf({ url }: Response): string {
  return URL.canParse(url) ? new URL(url).host : 'the hub';
}
