/** @file A hub on 127.0.0.1 that can be made to misbehave. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly token: string | undefined;
}

/** Answers instead of the hub; false passes the request on to it. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, asked: Asked) => boolean;

export interface HubServer {
  readonly endpoint: string;
  /** All requests so far. */
  readonly asked: Asked[];
  /** Called before the hub answers. */
  misbehave: Misbehaviour;
  /** The model's files; tests may replace them. */
  files: Readonly<Record<string, Buffer>>;
  commit: string;
  close(): Promise<void>;
}

export const COMMIT = 'c0ffee'.padEnd(40, '0');

export const gitSha1 = (bytes: Buffer) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const isLarge = (name: string) => /\.(?:safetensors|bin|parquet)$/.test(name);

/** The name of a file's content in the cache. */
export const etagOf = (name: string, bytes: Buffer) => (isLarge(name) ? sha256(bytes) : gitSha1(bytes));

/** The requested file, with the folders in its name. */
const nameIn = (path: string) => path.replace(/^\/store\/|^.*?\/resolve\/[^/]+\//, '');

/**
 * Serves one model or data set under any name. Large files lie behind a redirect to `/store/...`.
 */
export async function startHub(files: Readonly<Record<string, Buffer>>): Promise<HubServer> {
  const server = createServer((request, response) => {
    const asked = {
      path: decodeURIComponent(request.url!.split('?')[0]!),
      range: request.headers.range,
      token: request.headers.authorization,
    };
    hub.asked.push(asked);
    if (!hub.misbehave(request, response, asked)) answer(response, asked);
  });

  function answer(response: ServerResponse, { path, range }: Asked): void {
    const json = (value: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    const [, information, tree] = /^\/api\/(?:models|datasets)\/[^/]+\/[^/]+\/(?:(revision)|(tree))\//.exec(path) ?? [];
    if (information) return void json({ _id: '1', id: 'org/name', sha: hub.commit, lastModified: '2024-01-01' });
    if (tree) {
      return void json(
        Object.entries(hub.files).map(([name, bytes]) => ({
          type: 'file',
          path: name,
          size: bytes.length,
          oid: gitSha1(bytes),
          ...(isLarge(name) && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } }),
        })),
      );
    }
    const name = nameIn(path);
    const bytes = hub.files[name];
    if (bytes === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    if (isLarge(name) && !path.startsWith('/store/')) {
      return void response.writeHead(302, { location: `/store/${name}` }).end();
    }
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const headers = range === undefined ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(range === undefined ? 200 : 206, { 'content-length': bytes.length - from, ...headers });
    response.end(bytes.subarray(from));
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const hub: HubServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    misbehave: () => false,
    files,
    commit: COMMIT,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return hub;
}

/** Sends the first `count` bytes of the answer, then cuts the connection. */
export function cutAfter(count: number, { files }: HubServer, response: ServerResponse, { path, range }: Asked): true {
  const bytes = files[nameIn(path)]!;
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const headers = range === undefined ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(range === undefined ? 200 : 206, { 'content-length': bytes.length - from, ...headers });
  response.write(bytes.subarray(from, from + count), () => setTimeout(() => response.destroy(), 5));
  return true;
}
