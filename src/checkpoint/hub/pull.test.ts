import { fork } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { COMMIT, cutAfter, etagOf, type HubServer, sha256, startHub } from '../../../test/hub-server.ts';
import { UserError } from '../../error.ts';
import type { OpenProgress } from '../open.ts';
import type { PullOptions } from './fetch-files.ts';
import type { Pace } from './http.ts';
import { pull } from './pull.ts';

const config = Buffer.from('{"model_type":"llama"}');
const weights = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
const files = { 'config.json': config, 'model.safetensors': weights, 'README.md': Buffer.from('not needed') };
const pace: Pace = { tries: 4, backOffMs: 2, longestWaitMs: 30, silentMs: 300, abandonedMs: 400, lookMs: 5 };

let place: string;
let cache: string;
let model: string;
let hub: HubServer;
beforeEach(async () => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-hub-')));
  cache = join(place, 'hub');
  model = join(cache, 'models--org--name');
  hub = await startHub(files);
  for (const name of ['HF_HUB_OFFLINE', 'HF_TOKEN', 'HF_HOME', 'HUGGINGFACE_HUB_CACHE']) vi.stubEnv(name, '');
  vi.stubEnv('HF_HUB_CACHE', cache);
  vi.stubEnv('DUALFORM_CACHE', join(place, 'dualform'));
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(place, { recursive: true });
});

const fetchModel = (id = 'org/name', options: PullOptions = {}) => pull(id, { pace, ...options });
const blobOf = (name: keyof typeof files) => join(model, 'blobs', etagOf(name, files[name]));
const incomplete = () => readdirSync(join(model, 'blobs')).filter(name => name.includes('incomplete'));
const bodiesAsked = () => hub.asked.filter(({ path }) => path.startsWith('/store/'));

async function refusal(id?: string, options?: PullOptions): Promise<UserError> {
  const error = await fetchModel(id, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain('\n');
  return error as UserError;
}

/** Nothing may look complete that is not. */
function expectNothing(): void {
  expect(existsSync(blobOf('model.safetensors'))).toBe(false);
  expect(existsSync(join(model, 'snapshots', COMMIT, 'model.safetensors'))).toBe(false);
  expect(existsSync(join(model, 'refs', 'main'))).toBe(false);
}

function expectWhole(): void {
  expect(readFileSync(join(model, 'snapshots', COMMIT, 'model.safetensors')).equals(weights)).toBe(true);
  expect(readFileSync(join(model, 'refs', 'main'), 'utf8')).toBe(COMMIT);
  expect(incomplete()).toEqual([]);
}

describe('a pull', () => {
  test('lays the cache out as the Python tools do, with what the model needs', async () => {
    const seen: OpenProgress[] = [];
    const pulled = await fetchModel('org/name', { onProgress: event => seen.push(event) });
    expect(pulled).toMatchObject({ name: 'org/name', revision: 'main', commit: COMMIT });
    expect(pulled.folder).toBe(join(model, 'snapshots', COMMIT));
    expect(pulled.files).toEqual([
      { name: 'config.json', bytes: config.length, etag: etagOf('config.json', config), downloaded: true },
      { name: 'model.safetensors', bytes: weights.length, etag: sha256(weights), downloaded: true },
    ]);
    expectWhole();
    expect(readdirSync(pulled.folder).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(readlinkSync(join(pulled.folder, 'config.json'))).toBe(`../../blobs/${etagOf('config.json', config)}`);
    expect(readdirSync(join(model, 'blobs')).sort()).toEqual(pulled.files.map(({ etag }) => etag).sort());
    const loading = seen.filter(({ stage }) => stage === 'downloading org/name');
    const total = config.length + weights.length;
    expect(loading.at(-1)).toEqual({ stage: 'downloading org/name', done: total, total });
    expect(loading.map(({ done }) => done)).toEqual(loading.map(({ done }) => done).sort((a, b) => a - b));
  });

  test('does not fetch again what is there and intact', async () => {
    await fetchModel();
    const before = hub.asked.length;
    const pulled = await fetchModel();
    expect(pulled.files.map(({ downloaded }) => downloaded)).toEqual([false, false]);
    expect(hub.asked.slice(before).every(({ path }) => path.startsWith('/api/'))).toBe(true);
  });

  test('fetches again what was damaged in place', async () => {
    await fetchModel();
    for (const name of ['config.json', 'model.safetensors'] as const) {
      const damaged = Buffer.from(files[name]);
      damaged[10]! ^= 1;
      writeFileSync(blobOf(name), damaged);
    }
    expect((await fetchModel()).files.map(({ downloaded }) => downloaded)).toEqual([true, true]);
    expectWhole();
  });

  test('takes shards that an index names, and nothing else', async () => {
    const index = Buffer.from('{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}');
    const shards = { 'model-1.safetensors': Buffer.from('one'), 'model-2.safetensors': Buffer.from('two') };
    const tokenizer = { 'tokenizer.json': Buffer.from('{}'), 'vocab.json': Buffer.from('{"a":0}') };
    const others = { 'model-3.safetensors': Buffer.from('3'), 'pytorch_model.bin': Buffer.from('x') };
    hub.files = { 'config.json': config, 'model.safetensors.index.json': index, ...shards, ...tokenizer, ...others };
    const expected = ['config.json', ...Object.keys(tokenizer), 'model.safetensors.index.json', ...Object.keys(shards)];
    expect((await fetchModel()).files.map(({ name }) => name)).toEqual(expected);
    hub.files = { 'config.json': config, 'model.safetensors.index.json': index };
    expect((await refusal()).message).toContain('there is no model-1.safetensors');
  });

  test('takes the shards of pytorch_model.bin, each once', async () => {
    const index = Buffer.from('{"weight_map":{"a":"two.bin","b":"one.bin","c":"two.bin"}}');
    const shards = { 'one.bin': Buffer.from('one'), 'two.bin': Buffer.from('two') };
    hub.files = { 'config.json': config, 'pytorch_model.bin.index.json': index, ...shards };
    const expected = ['config.json', 'pytorch_model.bin.index.json', ...Object.keys(shards)];
    expect((await fetchModel()).files.map(({ name }) => name)).toEqual(expected);
  });

  test('refuses an index as a folder with it would be refused', async () => {
    hub.files = { 'config.json': config, 'model.safetensors.index.json': Buffer.from('{"weight_map":{"a":"../x"}}') };
    expect((await refusal()).message).toMatch(
      /index\.json: not a valid index: the file of tensor "a" is not a plain file/,
    );
  });

  test('takes pytorch_model.bin only where there is no safetensors file', async () => {
    hub.files = { ...files, 'pytorch_model.bin': Buffer.from('x') };
    expect((await fetchModel()).files.map(({ name }) => name)).not.toContain('pytorch_model.bin');
    hub.files = { 'config.json': config, 'pytorch_model.bin': Buffer.from('x') };
    expect((await fetchModel()).files.map(({ name }) => name)).toContain('pytorch_model.bin');
  });

  test('of another revision leaves main where it was', async () => {
    await fetchModel();
    hub.commit = '1'.repeat(40);
    expect(await fetchModel('org/name@refs/pr/7')).toMatchObject({ revision: 'refs/pr/7', commit: hub.commit });
    expect(readFileSync(join(model, 'refs', 'refs', 'pr', '7'), 'utf8')).toBe(hub.commit);
    expect(readFileSync(join(model, 'refs', 'main'), 'utf8')).toBe(COMMIT);
    await fetchModel('org/name', { revision: hub.commit });
    expect(existsSync(join(model, 'refs', hub.commit))).toBe(false);
  });
});

describe('a connection', () => {
  test.each([0, 1, 1000, 299_999])('cut after byte %i goes on from there', async count => {
    let cuts = 0;
    hub.misbehave = (_, response, asked) =>
      asked.path.startsWith('/store/') && cuts++ === 0 && cutAfter(count, hub, response, asked);
    await fetchModel();
    expectWhole();
    expect(bodiesAsked()).toHaveLength(2);
    const resumed = Number(/bytes=(\d+)-/.exec(bodiesAsked()[1]!.range ?? 'bytes=0-')![1]);
    expect(resumed).toBeLessThanOrEqual(count);
    if (count > 0) expect(resumed).toBeGreaterThan(0);
  });

  test('cut again and again goes on as long as it gets further', async () => {
    hub.misbehave = (_, response, asked) => asked.path.startsWith('/store/') && cutAfter(30_000, hub, response, asked);
    await fetchModel();
    expectWhole();
    expect(bodiesAsked().length).toBeGreaterThan(pace.tries);
  });

  test('cut for good keeps what arrived for the next pull', async () => {
    let open = true;
    hub.misbehave = (_, response, asked) => {
      if (!asked.path.startsWith('/store/')) return false;
      if (!open) return response.destroy() !== undefined;
      open = false;
      return cutAfter(100_000, hub, response, asked);
    };
    expect((await refusal()).message).toMatch(
      /org\/name\/model.safetensors: 127.0.0.1:\d+: the connection was cut; try/,
    );
    expectNothing();
    expect(incomplete()).toHaveLength(1);
    hub.misbehave = () => false;
    const from = bodiesAsked().length;
    await fetchModel();
    expect(bodiesAsked()[from]!.range).toMatch(/^bytes=[1-9]\d*-$/);
    expectWhole();
  });

  test('that sends a wrong byte and falls silent is cut, and in the end everything is fetched anew', async () => {
    let silent = 0;
    hub.misbehave = (_, response, { path }) =>
      path.startsWith('/store/') && silent++ === 0 && response.writeHead(200).write('x') !== undefined;
    await fetchModel();
    expectWhole();
  });

  test('that cannot be made says so', async () => {
    await hub.close();
    expect((await refusal()).message).toMatch(/^org\/name: 127.0.0.1:\d+: refuses the connection; try again later/);
  });

  test('stopped by the user keeps what arrived', async () => {
    const stop = new AbortController();
    const stopped = fetchModel('org/name', {
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done > config.length) stop.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expectNothing();
    expect(incomplete()).toHaveLength(1);
    await fetchModel();
    expectWhole();
  });

  test('stopped while nothing comes ends at once', async () => {
    const stop = new AbortController();
    hub.misbehave = () => {
      setTimeout(() => stop.abort(new Error('enough')), 10);
      return true;
    };
    await expect(fetchModel('org/name', { signal: stop.signal, pace: {} })).rejects.toThrow('enough');
  });
});

describe('a server', () => {
  test.each([
    ['shorter', (bytes: Buffer) => bytes.subarray(1), 'sends 299999 bytes but lists 300000'],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, bytes]), 'sends 600000 bytes but lists 300000'],
  ])('that sends something %s than it lists', async (_, change, message) => {
    hub.misbehave = (_request, response, { path }) => {
      if (!path.startsWith('/store/')) return false;
      const body = change(weights);
      response.writeHead(200, { 'content-length': body.length }).end(body);
      return true;
    };
    expect((await refusal()).message).toContain(message);
    expectNothing();
  });

  test('that sends more than it lists without saying how much', async () => {
    hub.misbehave = (_, response, { path }) =>
      path.startsWith('/store/') && response.end(Buffer.concat([weights, weights])) !== undefined;
    expect((await refusal()).message).toContain('but lists 300000');
    expectNothing();
  });

  test.each(['config.json', 'model.safetensors'] as const)('that sends a wrong %s', async name => {
    hub.misbehave = (_, response, { path }) => {
      if (!path.startsWith('/store/') && !path.endsWith('config.json')) return false;
      if (!path.endsWith(name)) return false;
      const wrong = Buffer.from(files[name]);
      wrong[7]! ^= 1;
      response.end(wrong);
      return true;
    };
    expect((await refusal()).message).toContain(`has not the hash that it lists (${etagOf(name, files[name])})`);
    expectNothing();
    expect(incomplete()).toEqual([]);
  });

  test('that goes round in circles', async () => {
    hub.misbehave = (_, response, { path }) => {
      if (path.startsWith('/api/')) return false;
      response.writeHead(302, { location: path.endsWith('/a') ? '/b' : '/a' }).end();
      return true;
    };
    expect((await refusal()).message).toContain('its redirects lead nowhere');
  });

  test.each(['file:///etc/passwd', 'http://', undefined])('that redirects to %s', async location => {
    hub.misbehave = (_, response, { path }) =>
      !path.startsWith('/api/') &&
      response.writeHead(302, location === undefined ? {} : { location }).end() !== undefined;
    expect((await refusal()).message).toContain('not to be trusted');
  });

  test('of another name never sees the token, not even on the way back', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    const other = await startHub(files);
    other.misbehave = (_, response, { path }) =>
      path === '/there' &&
      response.writeHead(302, { location: `${hub.endpoint}/store/model.safetensors` }).end() !== undefined;
    hub.misbehave = (_, response, { path }) =>
      path.endsWith(`/resolve/${COMMIT}/model.safetensors`) &&
      response.writeHead(302, { location: `${other.endpoint}/there` }).end() !== undefined;
    await fetchModel();
    expectWhole();
    expect(other.asked).toEqual([{ path: '/there', range: undefined, token: undefined }]);
    expect(bodiesAsked().map(({ token }) => token)).toEqual([undefined]);
    expect(new Set(hub.asked.filter(({ path }) => !path.startsWith('/store/')).map(({ token }) => token))).toEqual(
      new Set(['Bearer hf_secret']),
    );
    await other.close();
  });

  test('whose next page of the list is elsewhere does not get the token there', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    const other = await startHub({ 'model.safetensors': weights });
    hub.files = { 'config.json': config };
    hub.misbehave = (_, response, { path }) => {
      if (path.includes('/tree/')) response.setHeader('link', `<${other.endpoint}/api/models/a/b/tree/x>; rel="next"`);
      if (!path.endsWith('/model.safetensors')) return false;
      response.end(weights);
      return true;
    };
    await fetchModel();
    expect(other.asked.map(({ token }) => token)).toEqual([undefined]);
    await other.close();
  });

  test.each([429, 503])('that is busy (%i) is given the time it asks for', async status => {
    const times: number[] = [];
    hub.misbehave = (_, response, { path }) => {
      if (!path.startsWith('/store/')) return false;
      times.push(performance.now());
      if (times.length > 1) return false;
      response.writeHead(status, { 'retry-after': '1' }).end('<html>busy</html>');
      return true;
    };
    await fetchModel('org/name', { pace: { ...pace, longestWaitMs: 5000 } });
    expectWhole();
    expect(times[1]! - times[0]!).toBeGreaterThan(990);
  });

  test('that asks for an hour gets the longest wait, and is given up in the end', async () => {
    hub.misbehave = (_, response) => response.writeHead(503, { 'retry-after': '3600' }).end() !== undefined;
    const start = performance.now();
    expect((await refusal()).message).toContain('answers with status 503; try again later');
    expect(performance.now() - start).toBeLessThan(2000);
    expect(hub.asked).toHaveLength(pace.tries);
  });

  test('that does not go on in the middle begins anew', async () => {
    let tries = 0;
    hub.misbehave = (_, response, asked) => {
      if (!asked.path.startsWith('/store/')) return false;
      tries++;
      if (tries === 1) return cutAfter(1000, hub, response, asked);
      if (tries === 2) return response.writeHead(416).end() !== undefined;
      if (tries === 3) return cutAfter(2000, hub, response, asked);
      // 200 in place of 206: the whole file.
      response.end(weights);
      return true;
    };
    await fetchModel();
    expectWhole();
  });

  test('that begins anew each time and never gets further is given up', async () => {
    hub.misbehave = (_, response, asked) =>
      asked.path.startsWith('/store/') && cutAfter(1000, hub, response, { ...asked, range: undefined });
    expect((await refusal()).message).toContain('the connection was cut');
    expect(bodiesAsked().length).toBeLessThan(3 * pace.tries);
  });

  test.each([
    [
      401,
      'GatedRepo',
      undefined,
      /gated; accept its conditions on http\S+\/org\/name while logged in, then set HF_TOKEN/,
    ],
    [403, 'GatedRepo', 'hf_x', /gated; accept its conditions on \S+ while logged in, then pull again/],
    [401, 'RepoNotFound', undefined, /has no such model, or it is private \(then set HF_TOKEN\); check the name/],
    [404, 'RepoNotFound', 'hf_x', /has no such model that HF_TOKEN may see; check the name/],
    [404, 'RevisionNotFound', undefined, /there is no revision "main"/],
    [401, '', 'hf_x', /refuses HF_TOKEN; make a new token at/],
    [401, '', undefined, /or asks for a token; check the name, or set HF_TOKEN/],
    [403, '', 'hf_x', /HF_TOKEN may not read this model/],
    [418, '', undefined, /answers with status 418/],
  ])('that refuses with %i %s, token %s', async (status, code, token, message) => {
    if (token !== undefined) vi.stubEnv('HF_TOKEN', token);
    hub.misbehave = (_, response) =>
      response.writeHead(status, code ? { 'x-error-code': code } : {}).end() !== undefined;
    expect((await refusal()).message).toMatch(message);
    expect(hub.asked).toHaveLength(1);
  });

  test.each([
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['no commit', '{"sha":"../../x"}'],
    ['too much', ' '.repeat(21_000_000)],
  ])('that is no hub: %s', async (_, body) => {
    hub.misbehave = (_request, response) => response.end(body) !== undefined;
    expect((await refusal()).message).toMatch(/does not answer as a hub does|has more than 20000000 bytes/);
  });

  test('that lists names which lead elsewhere: they do not exist', async () => {
    hub.misbehave = (_, response, { path }) => {
      if (!path.includes('/tree/')) return false;
      const names = [
        'config.json',
        '../../../x.safetensors',
        '/x.safetensors',
        'a\\..\\x.safetensors',
        '.x.safetensors',
      ];
      const entry = { type: 'file', size: 1, oid: '0'.repeat(40) };
      response.end(JSON.stringify([...names.map(name => ({ ...entry, path: name })), null, 7].slice(0, 5)));
      return true;
    };
    expect((await refusal()).message).toContain('there is no model.safetensors');
  });
});

describe('two at once', () => {
  test('in one process fetch each file once', async () => {
    hub.misbehave = (_, response, asked) =>
      asked.path.startsWith('/store/') && asked.range === undefined && cutAfter(50_000, hub, response, asked);
    const [first, second] = await Promise.all([fetchModel(), fetchModel()]);
    expectWhole();
    expect(bodiesAsked().filter(({ range }) => range === undefined)).toHaveLength(1);
    expect(first.folder).toBe(second.folder);
  });

  test('in two processes, one of which is killed: the other goes on from there', async () => {
    let release = () => {};
    let held = 0;
    hub.misbehave = (_, response, { path }) => {
      if (!path.startsWith('/store/') || held++ > 0) return false;
      response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 70_000));
      release = () => response.destroy();
      return true;
    };
    const script = join(place, 'child.mts');
    const source = join(import.meta.dirname, 'pull.ts');
    const patient = { ...pace, silentMs: 60_000 };
    writeFileSync(
      script,
      `import { pull } from ${JSON.stringify(source)};
       await pull('org/name', { pace: ${JSON.stringify(patient)}, onProgress: ({ done }) => process.send(done) });`,
    );
    const child = fork(script, { execArgv: ['--import', 'tsx'], cwd: process.cwd(), stdio: 'inherit' });
    const arrived = new Promise<void>(resolve =>
      child.on('message', done => {
        if (Number(done) >= 70_000) resolve();
      }),
    );
    await arrived;
    const other = fetchModel();
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(bodiesAsked()).toHaveLength(1);
    child.kill('SIGKILL');
    await other;
    release();
    expectWhole();
    expect(bodiesAsked()[1]!.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('what the Python tools left half-way is copied, not taken, and not trusted', async () => {
    mkdirSync(join(model, 'blobs'), { recursive: true });
    const foreign = `${blobOf('model.safetensors')}.incomplete`;
    writeFileSync(foreign, weights.subarray(0, 1234));
    await fetchModel();
    expect(bodiesAsked().map(({ range }) => range)).toEqual(['bytes=1234-']);
    expect(readFileSync(join(model, 'snapshots', COMMIT, 'model.safetensors')).equals(weights)).toBe(true);
    expect(readFileSync(foreign).length).toBe(1234);
    rmSync(blobOf('model.safetensors'));
    writeFileSync(foreign, Buffer.alloc(2000, 1));
    await fetchModel();
    expect(bodiesAsked().map(({ range }) => range)).toEqual(['bytes=1234-', 'bytes=2000-', undefined]);
    expect(readFileSync(join(model, 'snapshots', COMMIT, 'model.safetensors')).equals(weights)).toBe(true);
  });

  test('what was left longer than the file is cut', async () => {
    mkdirSync(join(model, 'blobs'), { recursive: true });
    const left = `${blobOf('model.safetensors')}.0-left.incomplete`;
    writeFileSync(left, Buffer.concat([weights, weights]));
    utimesSync(left, 0, 0);
    await fetchModel();
    expect(bodiesAsked()).toEqual([]);
    expectWhole();
  });
});

describe('is refused', () => {
  test('when offline, without a request', async () => {
    expect((await refusal('org/name', { offline: true })).message).toContain('--offline refuses the network');
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await refusal()).message).toContain('HF_HUB_OFFLINE refuses the network');
    expect(hub.asked).toEqual([]);
    expect(existsSync(cache)).toBe(false);
  });

  test('when a folder of the cache leads elsewhere', async () => {
    const outside = join(place, 'outside');
    mkdirSync(outside);
    mkdirSync(cache);
    symlinkSync(outside, model);
    expect((await refusal()).message).toContain('leads out of the cache');
    expect(readdirSync(outside)).toEqual([]);
  });

  test('when the disk refuses', async () => {
    mkdirSync(cache);
    writeFileSync(model, 'a file');
    expect((await refusal()).message).toContain(`${model}: a part of the path is a file, not a folder`);
  });

  test.each([
    ['HF_ENDPOINT', 'ftp://x', 'not an http(s) address'],
    ['HF_ENDPOINT', 'nonsense', 'not an http(s) address'],
    ['HF_ENDPOINT', 'http://user:secret@x', 'holds a password'],
    ['HF_TOKEN', 'two words\nx', 'blanks or foreign characters'],
  ])('when %s is %j', async (name, value, message) => {
    vi.stubEnv(name, value);
    const error = await refusal();
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('secret');
    expect(error.exitCode).toBe(2);
  });
});
