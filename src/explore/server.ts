/**
 * @file The server of the page. `node:http` alone: every path is looked up in a table that is made at the start, so no
 * text of a request ever reaches the file system, and a library for static files (`sirv`, `hono`) would only add what is
 * forbidden here: reading paths, ranges, caching, other origins.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../error.ts';
import { HEADERS, MOST_BODY_BYTES, MOST_HEADER_BYTES, refusalOf } from './guard.ts';
import type { Resource } from './resource.ts';

const USUAL_PORT = 47_135;

/** Chromium keeps WebAssembly compiled where it may keep the file. */
const KEPT = 'private, max-age=31536000, immutable';

/** What answers at a path while the connection is open. */
export type Route = (request: { readonly body: string; readonly signal: AbortSignal }, reply: Reply) => Promise<void>;

export interface Reply {
  /** Sends one line of a stream; resolves when the connection can take more. */
  readonly send: (line: string) => Promise<void>;
}

export interface ServerOptions {
  /** 0 for the usual one, or a free one where that is taken: browsers keep a model for each port. */
  readonly port: number;
  /** The files of the page; they need no token. */
  readonly page: readonly Resource[];
  /** The folder of paths that need no token either: they hold what nobody can guess. */
  readonly openFolder: string;
  /** What needs the token: found anew for each request, as folders come and go. */
  readonly data: (path: string) => Promise<Resource | undefined>;
  /** Streams by method and path, as in `POST api/compute`. */
  readonly routes: Readonly<Record<string, { readonly type: string; readonly answer: Route }>>;
}

export interface ExplorerServer {
  readonly port: number;
  readonly token: string;
  /** With the token. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** @throws UserError when the port is taken */
export async function startServer(options: ServerOptions): Promise<ExplorerServer> {
  const { port, page, openFolder, data, routes } = options;
  const token = randomBytes(24).toString('base64url');
  const pages = new Map(page.map(resource => [resource.path, resource]));
  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES, requestTimeout: 30_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, error instanceof UserError ? error.message : 'the server failed');
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = pathOf(request.url ?? '');
    const open = pages.get(path);
    const isOpen = open !== undefined || path.startsWith(`${openFolder}/`);
    const refusal = refusalOf(request, { port: portOf(), token }, isOpen);
    if (refusal !== undefined) return refuse(response, refusal.status, refusal.why);
    const route = routes[`${request.method} ${path}`];
    if (route !== undefined) return stream(request, response, route);
    if (request.method === 'POST') return refuse(response, 405, 'nothing here takes data');
    const resource = open ?? (await data(path));
    if (resource === undefined) return refuse(response, 404, 'there is nothing at this address');
    await send(resource, response, request.method === 'HEAD');
  }

  const portOf = () => (server.address() as AddressInfo).port;
  const listen = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', resolve);
    });
  const listening = port === 0 ? listen(USUAL_PORT).catch(() => listen(0)) : listen(port);
  await listening.catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${cause.code})`;
    throw new UserError(reason, { option: 'port', value: port, remedy: 'leave it out for a free one', cause });
  });
  return {
    port: portOf(),
    token,
    address: `http://127.0.0.1:${portOf()}/#token=${token}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The path of a request as it was sent, without its query: nothing in it is decoded. */
function pathOf(url: string): string {
  const path = url.split(/[?#]/, 1)[0]!;
  return path === '/' ? 'index.html' : path.slice(1);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status;
  // What a refused request still sends is not read.
  response.setHeader('Connection', 'close');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${why}\n`);
}

async function send(resource: Resource, response: ServerResponse, headOnly: boolean): Promise<void> {
  const { type, file, make, unchanging } = resource;
  response.setHeader('Content-Type', type);
  if (unchanging) response.setHeader('Cache-Control', KEPT);
  if (file === undefined) {
    const content = await make!();
    response.setHeader('Content-Length', Buffer.byteLength(content));
    response.end(headOnly ? undefined : content);
    return;
  }
  response.setHeader('Content-Length', (await stat(file)).size);
  if (headOnly) response.end();
  else await pipeline(createReadStream(file), response).catch(ignoreClosed);
}

async function stream(
  request: IncomingMessage,
  response: ServerResponse,
  { type, answer }: ServerOptions['routes'][string],
): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined) return refuse(response, 413, `a request has at most ${MOST_BODY_BYTES} bytes`);
  const gone = new AbortController();
  response.on('close', () => gone.abort(new Error('the page closed the connection')));
  response.setHeader('Content-Type', type);
  response.flushHeaders();
  const { signal } = gone;
  const send = async (line: string) => {
    signal.throwIfAborted();
    if (response.write(line)) return;
    await new Promise<void>(resolve => {
      response.once('drain', resolve);
      response.once('close', resolve);
    });
  };
  await answer({ body, signal }, { send }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  response.end();
}

/** The body of a request as text; undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The page may close a connection whenever it likes. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE' && error.code !== 'ECONNRESET') throw error;
}
