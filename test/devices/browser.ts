/** @file A browser whose page holds workers with the engine, and connections to them. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { createCalls } from '../../src/runtime/calls.ts';
import type { Connection } from '../../src/runtime/connection.ts';
import type { Request } from '../../src/runtime/protocol.ts';
import { runtimeOver } from '../../src/runtime/runtime.ts';
import type { WebDevice } from '../../src/runtime/web/open-executor.ts';
import { bundle } from './bundle.ts';
import { decode, encode } from './codec.ts';
import type { TestRuntime } from './devices.ts';
import type { FromPage, ToPage } from './messages.ts';

const ORT = fileURLToPath(new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url));
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const TYPES: Readonly<Record<string, string>> = {
  mjs: 'text/javascript',
  js: 'text/javascript',
  wasm: 'application/wasm',
};

/** The browser of this machine, by `CHROMIUM` or where systems put it. */
export function browserFile(): string | undefined {
  return [process.env.CHROMIUM ?? '', ...PLACES].find(file => file !== '' && existsSync(file));
}

export interface Browser {
  readonly page: Page;
  /** Folder of its profile, which is in the command line of each of its processes. */
  readonly profile: string;
  /** Addresses of further files, by path. */
  readonly serve: (path: string, content: Uint8Array | string) => void;
  readonly openRuntime: (options: { readonly device: WebDevice; readonly threads: number }) => Promise<TestRuntime>;
  readonly close: () => Promise<void>;
}

/**
 * Starts a browser with an empty profile and opens the page in it.
 * @param entries further scripts that the page may import, by name
 */
export async function openBrowser(entries: Readonly<Record<string, string>> = {}): Promise<Browser> {
  const files = new Map<string, Uint8Array | string>([
    ['/', '<!doctype html><script type="module" src="/page.js"></script>'],
  ]);
  const built = await bundle({
    page: 'test/devices/page.ts',
    'web-worker': 'src/web-worker.ts',
    app: 'test/web/app.ts',
    ...entries,
  });
  for (const [name, content] of built) files.set(`/${name}`, content);

  const waiting: ToPage[] = [];
  let poll: ServerResponse | undefined;
  const receivers = new Map<number, (message: FromPage) => void>();
  function tell(message: ToPage): void {
    waiting.push(message);
    flush();
  }
  function flush(): void {
    if (poll === undefined || waiting.length === 0) return;
    poll.end(encode(waiting.shift()!));
    poll = undefined;
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://localhost');
    // Threads of WebAssembly need an isolated page.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (pathname === '/calls') {
      poll = response;
      return flush();
    }
    if (pathname === '/replies') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const message = decode(new Uint8Array(Buffer.concat(chunks)).buffer) as FromPage;
      response.end();
      receivers.get(message.connection)?.(message);
      return;
    }
    const name = pathname.split('/').at(-1)!;
    const content = pathname.startsWith('/ort/') ? readFileSync(join(ORT, name)) : files.get(pathname);
    if (content === undefined) response.statusCode = 404;
    response.setHeader('Content-Type', TYPES[name.split('.').at(-1)!] ?? 'text/html');
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (range === null || content === undefined) return void response.end(content);
    const [from, to] = [Number(range[1]), Number(range[2])];
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${from}-${to}/${content.length}`);
    response.end(content.slice(from, to + 1));
  }
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const profile = mkdtempSync(join(tmpdir(), 'dualform-browser-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: browserFile()!,
    headless: true,
    args: [
      ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
      ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
    ],
  });
  const page = await context.newPage();
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);

  let connections = 0;
  async function openRuntime(options: { readonly device: WebDevice; readonly threads: number }): Promise<TestRuntime> {
    const connection = connections++;
    const calls = createCalls({
      send: call => tell({ kind: 'call', connection, call }),
      unusable: message => new Error(message),
    });
    receivers.set(connection, message => {
      if (message.kind === 'reply') calls.receive(message.reply);
      else calls.endByCrash({ cause: message.message, stderr: '' });
    });
    tell({ kind: 'start', connection, options: { ...options, wasmPaths: '/ort/' } });
    await calls.ready;
    const sent = new Set<string>();
    // A file is a source of the same name, sent when it is first needed.
    const send = (names: readonly string[]) => {
      for (const name of names.filter(each => !sent.has(each))) {
        sent.add(name);
        if (!existsSync(name)) continue;
        const bytes = new Uint8Array(readFileSync(name));
        void calls.ask(`sending ${name}`, { kind: 'source', name, bytes, packed: false });
      }
    };
    const ask: Connection['ask'] = (doing, request) => {
      send(sourcesOf(request));
      return calls.ask(doing, request);
    };
    const runtime = runtimeOver({
      device: options.device,
      threads: options.threads,
      ask,
      crash: calls.crash,
      memory: () => ask('measuring memory', { kind: 'memory' }),
      close: async () => {
        calls.end(() => new Error('the runtime is closed'));
        receivers.delete(connection);
        tell({ kind: 'close', connection });
      },
    });
    return { ...runtime, kill: () => tell({ kind: 'call', connection, call: null }) };
  }

  return {
    page,
    profile,
    serve: (path, content) => files.set(path, content),
    openRuntime,
    async close() {
      await context.close();
      server.closeAllConnections();
      server.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function sourcesOf(request: Request): readonly string[] {
  if (request.kind === 'open') return request.sources;
  return request.kind === 'load' ? request.locations.map(({ file }) => file) : [];
}
