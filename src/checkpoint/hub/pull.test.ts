import { fork } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { COMMIT, cutAfter, etagOf, sha256 } from '../../../test/hub-server.ts';
import {
  blobOf,
  bodiesAsked,
  cache,
  config,
  expectWhole,
  fetchModel,
  files,
  hub,
  model,
  pace,
  place,
  refusal,
  weights,
} from '../../../test/pull-fixture.ts';
import type { OpenProgress } from '../open-options.ts';

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

describe('two at once', () => {
  test('in one process fetch each file once', async () => {
    hub.misbehave = (_, response, asked) =>
      asked.path.startsWith('/store/') && asked.range === undefined && cutAfter(50_000, hub, response, asked);
    const [first, second] = await Promise.all([fetchModel(), fetchModel()]);
    expectWhole();
    expect(bodiesAsked().filter(({ range }) => range === undefined)).toHaveLength(1);
    expect(first.folder).toBe(second.folder);
  });

  test('in two processes, one of which is killed: the other resumes from there', async () => {
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
    expect((await refusal('org/name', { offline: true })).message).toContain('`offline` refuses the network');
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
    ['HF_TOKEN', 'two words\nx', 'blanks or non-ASCII characters'],
  ])('when %s is %j', async (name, value, message) => {
    vi.stubEnv(name, value);
    const error = await refusal();
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('secret');
  });
});
