/**
 * @file Who may ask the server. A page of another origin in the same browser can send requests to it, but must not read
 * an answer or change anything: the host must be ours (no DNS rebinding), data need the token of this start, changes
 * need our origin too, and no header allows another origin to read.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Bytes of all headers of a request, and of its body. */
export const MOST_HEADER_BYTES = 16 << 10;
export const MOST_BODY_BYTES = 1 << 20;

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  // Charts set the style of their parts.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Of every answer. Isolation gives the page threads. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

export interface Access {
  readonly port: number;
  readonly token: string;
}

/** A refusal: the status, and why. */
export interface Refusal {
  readonly status: 401 | 403 | 405;
  readonly why: string;
}

/**
 * Why a request is refused, if it is.
 *
 * @param isOpen whether its path needs no token: the files of the page hold nothing of the user
 */
export function refusalOf(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  { port, token }: Access,
  isOpen: boolean,
): Refusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin, authorization, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  if (host === undefined || !hosts.includes(host)) return { status: 403, why: 'this host is not served' };
  if (!['GET', 'HEAD', 'POST'].includes(method ?? ''))
    return { status: 405, why: 'only GET, HEAD and POST are served' };
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  // Following a link to the page is no reading of it.
  if (isForeign && !(isOpen && mode === 'navigate')) return { status: 403, why: 'another site asks' };
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, why: 'another origin asks' };
  if (isOpen) return undefined;
  if (method === 'POST' && origin === undefined) return { status: 403, why: 'a change needs the header Origin' };
  if (!sameText(authorization ?? '', `Bearer ${token}`)) return { status: 401, why: 'the token is missing or wrong' };
  return undefined;
}

/** Compares in a time that does not tell how much is right. */
function sameText(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
