import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Explorer, explore } from '../../src/explore/explore.ts';
import { TINY_MODEL } from '../run/tiny.ts';

const ONNXRUNTIME = new URL('../../node_modules/onnxruntime-web/package.json', import.meta.url);

let explorer: Explorer;
let token: string;
beforeAll(async () => {
  explorer = await explore({ model: TINY_MODEL, threads: 1 });
  token = explorer.address.split('token=')[1]!;
});
afterAll(() => explorer.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Headers = Readonly<Record<string, string>>;

/** Sends a path as it stands: `fetch` would tidy it. */
function ask(path: string, { method = 'GET', headers = {}, body = '' }: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: explorer.port, path, method, headers, agent: false },
      async response =>
        resolve({ status: response.statusCode!, headers: response.headers, body: await text(response) }),
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

interface AskOptions {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string;
}

/** The bytes that answer what a client writes. */
function raw(written: string): Promise<string> {
  return new Promise(resolve => {
    let received = '';
    const socket = connect(explorer.port, '127.0.0.1', () => socket.write(written));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('error', () => resolve(received));
    socket.on('close', () => resolve(received));
  });
}

const own = () => `http://127.0.0.1:${explorer.port}`;
const bearer = () => ({ Authorization: `Bearer ${token}` });
const question = JSON.stringify({
  demonstrations: [],
  labels: [' a', ' b'],
  query: 'x is',
  learningRate: 0.1,
  others: [],
});

describe('what is served', () => {
  test('the page without the token, isolated, and with a policy that allows no inline script', async () => {
    const { status, headers, body } = await ask('/');
    expect(status).toBe(200);
    expect(body).toContain('<div id="page">');
    expect(body).not.toMatch(/<script(?![^>]*\bsrc=)/);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    expect(Object.keys(headers).filter(name => name.startsWith('access-control'))).toEqual([]);
  });

  test('browsers keep only files whose path changes with their content', async () => {
    const kept = 'private, max-age=31536000, immutable';
    const page = await ask('/');
    expect(page.headers['cache-control']).toBe('no-store');
    const script = /src="\.\/(assets\/index-[\w-]+\.js)"/.exec(page.body)![1]!;
    expect((await ask(`/${script}`)).headers['cache-control']).toBe(kept);
    const { version } = JSON.parse(readFileSync(ONNXRUNTIME, 'utf8'));
    const wasm = await ask(`/assets/onnxruntime-web-${version}/ort-wasm-simd-threaded.wasm`, { method: 'HEAD' });
    // With this type Chromium compiles while it reads, and keeps what it compiled.
    expect(wasm.headers).toMatchObject({ 'content-type': 'application/wasm', 'cache-control': kept });
    expect((await ask('/data/site.json', { headers: bearer() })).headers['cache-control']).toBe('no-store');
  });

  test('data with the token; the model where its digest is known', async () => {
    const { status, body } = await ask('/data/site.json', { headers: bearer() });
    expect(status).toBe(200);
    const { model, server } = JSON.parse(body);
    expect(server).toBe(true);
    expect(model.files.kind).toBe('safetensors');
    const weights = await ask(`/${model.files.weights[0].path}`, { method: 'HEAD' });
    expect(weights.status).toBe(200);
    expect(Number(weights.headers['content-length'])).toBe(model.files.weights[0].bytes);
    expect((await ask('/model/guess/0-model.safetensors', { headers: bearer() })).status).toBe(404);
  });

  test('Live on this machine, as a stream of events', async () => {
    const headers = { ...bearer(), Origin: own() };
    const { status, body } = await ask('/api/compute', { method: 'POST', headers, body: question });
    expect(status).toBe(200);
    const events = body
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ kind: 'done', device: 'cpu', threads: 1 });
    const { settings } = events.findLast(event => event.answer?.settings !== undefined).answer;
    expect(settings.map((each: { name: string }) => each.name)).toEqual(['zero-shot', 'in-context', 'finetuned']);
    // Without demonstrations all settings are one.
    expect(settings[1].logProbabilities).toEqual(settings[0].logProbabilities);
    expect(settings[2].logProbabilities).toEqual(settings[0].logProbabilities);
  });

  test('a damaged request is answered in words', async () => {
    const headers = { ...bearer(), Origin: own() };
    for (const body of ['{', '{}', question.replace('"learningRate":0.1', '"learningRate":-1')]) {
      const answer = await ask('/api/compute', { method: 'POST', headers, body });
      expect(JSON.parse(answer.body)).toMatchObject({ kind: 'failed', message: /the request is damaged/ });
    }
  });
});

describe('what is refused', () => {
  const refused: readonly (readonly [string, number, string, () => AskOptions])[] = [
    ['data without the token', 401, '/data/site.json', () => ({})],
    [
      'data with another token',
      401,
      '/data/site.json',
      () => ({ headers: { Authorization: `Bearer ${'x'.repeat(32)}` } }),
    ],
    ['the token in the address', 401, '/data/site.json?token=x', () => ({})],
    ['a foreign host (DNS rebinding)', 403, '/', () => ({ headers: { Host: 'evil.example' } })],
    ['a foreign host with the port', 403, '/', () => ({ headers: { Host: `evil.example:${explorer.port}` } })],
    ['a foreign origin', 403, '/data/site.json', () => ({ headers: { ...bearer(), Origin: 'http://evil.example' } })],
    ['an opaque origin', 403, '/data/site.json', () => ({ headers: { ...bearer(), Origin: 'null' } })],
    ['another port of this machine', 403, '/', () => ({ headers: { 'Sec-Fetch-Site': 'same-site' } })],
    [
      'a script tag of another site',
      403,
      '/index.html',
      () => ({ headers: { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' } }),
    ],
    ['a change without the origin', 403, '/api/compute', () => ({ method: 'POST', headers: bearer(), body: question })],
    [
      'a change without the token',
      401,
      '/api/compute',
      () => ({ method: 'POST', headers: { Origin: own() }, body: question }),
    ],
    [
      'a preflight of another origin',
      405,
      '/api/compute',
      () => ({
        method: 'OPTIONS',
        headers: { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' },
      }),
    ],
    ['other methods', 405, '/', () => ({ method: 'DELETE' })],
    ['a change of the page', 405, '/index.html', () => ({ method: 'POST', headers: { Origin: own() } })],
    [
      'a body of 2 MB',
      413,
      '/api/compute',
      () => ({ method: 'POST', headers: { ...bearer(), Origin: own() }, body: 'x'.repeat(2 << 20) }),
    ],
  ];
  test.each(refused)('%s', async (_, status, path, options) => {
    // A long body may meet a connection that is closed already.
    const answer = await ask(path, options()).catch((error: NodeJS.ErrnoException) => error.code);
    if (status === 413 && typeof answer === 'string') expect(answer).toMatch(/EPIPE|ECONNRESET/);
    else expect((answer as Answer).status).toBe(status);
  });

  test.each([
    '/../package.json',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '/%2e%2e%2fpackage.json',
    '/..%5cpackage.json',
    '/..\\package.json',
    '/data/../../../etc/passwd',
    '/data/%00',
    '/index.html%00.js',
    '//etc/passwd',
    '/file:///etc/passwd',
    '/assets',
    '/assets/',
  ])('%s leads nowhere', async path => {
    const { status, body } = await ask(path, { headers: bearer() });
    expect(status).toBe(404);
    expect(body).toBe('there is nothing at this address\n');
  });

  test.each([
    ['a NUL in the path', 'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 400/],
    ['headers of 20 kB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431/],
    ['no host', 'GET / HTTP/1.0\r\n\r\n', /^HTTP\/1.1 403/],
  ])('%s', async (_, written, answer) => {
    expect(await raw(written)).toMatch(answer);
  });
});

test('a port that is taken is named', async () => {
  const taken = explore({ model: TINY_MODEL, port: explorer.port });
  await expect(taken).rejects.toThrow(/^port \d+: is taken by another program; leave it out for a free one$/);
});
