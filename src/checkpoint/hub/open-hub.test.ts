import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { COMMIT, etagOf, sha256, startHub } from '../../../test/hub-server.ts';
import { UserError } from '../../error.ts';
import { requireTensor } from '../checkpoint.ts';
import { openCheckpoint } from '../open.ts';
import { readSafetensors } from '../sources/read-safetensors.ts';
import { readTensor } from '../sources/read-tensor.ts';
import { showInSnapshot } from './hub-cache.ts';
import { hubCacheDirectory } from './hub-settings.ts';

const golden = fileURLToPath(new URL('../../../test/golden/llama/', import.meta.url));
const read = (name: string) => readFileSync(join(golden, name));

let place: string;
let cache: string;
let model: string;
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-hub-')));
  cache = join(place, 'home', 'hub');
  model = join(cache, 'models--org--name');
  for (const name of ['HF_HUB_OFFLINE', 'HF_TOKEN', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE']) vi.stubEnv(name, '');
  vi.stubEnv('HF_HOME', join(place, 'home'));
  vi.stubEnv('DUALFORM_CACHE', join(place, 'dualform'));
  // Nobody listens there.
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

/**
 * Files in the layout of the Python tools: contents in blobs, relative links in the snapshot, the
 * commit in refs.
 */
function fill(contents: Readonly<Record<string, Buffer>>, reference = COMMIT): string {
  const [blobs, snapshot] = [join(model, 'blobs'), join(model, 'snapshots', COMMIT)];
  for (const folder of [blobs, snapshot, join(model, 'refs')]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(model, 'refs', 'main'), reference);
  for (const [name, bytes] of Object.entries(contents)) {
    const blob = join(blobs, etagOf(name, bytes));
    writeFileSync(blob, bytes);
    symlinkSync(relative(snapshot, blob), join(snapshot, name));
  }
  return snapshot;
}

const llama = () => ({ 'config.json': read('config.json'), 'model.safetensors': read('model.safetensors') });

async function refusal(id = 'org/name', options = {}): Promise<UserError> {
  const error = await openCheckpoint(id, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain('\n');
  return error as UserError;
}

describe('a model that the Python tools put into the cache', () => {
  test('is opened without network, its weights where they lie', async () => {
    fill(llama());
    const checkpoint = await openCheckpoint('org/name', { offline: true });
    expect(checkpoint).toMatchObject({ name: 'org/name', source: `org/name@${COMMIT}` });
    expect(checkpoint.digest).toBe(sha256(read('model.safetensors')));
    expect(checkpoint.config.model_type).toBe('llama');
    const norm = requireTensor(checkpoint, 'model.norm.weight');
    expect(norm.file).toBe(join(model, 'blobs', checkpoint.digest));
    const all = await readSafetensors(join(golden, 'model.safetensors'));
    expect(await readTensor(norm)).toEqual(all.get('model.norm.weight')!.data);
  });

  test('is found by branch, by commit, and by nothing else', async () => {
    fill(llama(), `${COMMIT}\n`);
    for (const id of ['org/name@main', `org/name@${COMMIT}`]) {
      expect((await openCheckpoint(id, { offline: true })).source).toBe(`org/name@${COMMIT}`);
    }
    for (const id of ['org/name@other', 'org/other', `org/name@${'1'.repeat(40)}`, 'org/name@blobs/../main']) {
      expect((await refusal(id, { offline: true })).message).toMatch(/nor is it in|no such model/);
    }
  });

  test.each([
    ['HF_HUB_OFFLINE', {}, 'HF_HUB_OFFLINE refuses the network'],
    ['offline', { offline: true }, '`offline` refuses the network'],
  ])('when something is missing says what, with %s', async (_, options, who) => {
    vi.stubEnv('HF_HUB_OFFLINE', 'offline' in options ? '' : '1');
    const start = performance.now();
    expect((await refusal('org/name', options)).message).toContain(`nor is it in ${cache}, and ${who}`);
    fill({ 'config.json': read('config.json') });
    expect((await refusal('org/name', options)).message).toContain('model.safetensors missing in');
    const index = Buffer.from('{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}');
    fill({ 'model.safetensors.index.json': index, 'model-1.safetensors': Buffer.from('x') });
    const { message, option } = await refusal('org/name', options);
    expect(message).toContain(`\`model\` org/name: model-2.safetensors missing in ${cache}, and ${who}`);
    expect(message).toContain('run with network: dualform pull org/name');
    expect(option).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(500);
  });

  test('with a link into nowhere counts as incomplete', async () => {
    const snapshot = fill(llama());
    rmSync(realpathSync(join(snapshot, 'model.safetensors')));
    expect((await refusal('org/name', { offline: true })).message).toContain('model.safetensors missing');
  });

  test('with a link out of the cache is refused', async () => {
    const snapshot = fill({ 'model.safetensors': read('model.safetensors') });
    copyFileSync(join(golden, 'config.json'), join(place, 'secret.json'));
    symlinkSync(join(place, 'secret.json'), join(snapshot, 'config.json'));
    expect((await refusal('org/name', { offline: true })).message).toContain(
      `config.json: leads out of the cache, to ${join(place, 'secret.json')}`,
    );
  });

  test('whose weights were damaged in place is refused', async () => {
    const snapshot = fill(llama());
    const blob = realpathSync(join(snapshot, 'model.safetensors'));
    const damaged = read('model.safetensors');
    damaged[damaged.length - 1]! ^= 1;
    writeFileSync(blob, damaged);
    expect((await refusal('org/name', { offline: true })).message).toMatch(/damaged, its SHA-256 is .*pull org\/name$/);
  });

  test.each(['', 'main', '../../x', 'x'.repeat(5000)])('with the reference %j is not there', async reference => {
    fill(llama(), reference);
    expect((await refusal('org/name', { offline: true })).message).toContain('nor is it in');
  });

  test('in a cache that is a link itself', async () => {
    fill(llama());
    symlinkSync(cache, join(place, 'link'));
    vi.stubEnv('HF_HUB_CACHE', join(place, 'link'));
    expect((await openCheckpoint('org/name', { offline: true })).name).toBe('org/name');
  });
});

describe('a model that is not in the cache', () => {
  test('is downloaded, then opened from there', async () => {
    const hub = await startHub(llama());
    vi.stubEnv('HF_ENDPOINT', hub.endpoint);
    const first = await openCheckpoint('org/name');
    const asked = hub.asked.length;
    expect(asked).toBeGreaterThan(0);
    expect(await openCheckpoint('org/name')).toEqual(first);
    expect(hub.asked).toHaveLength(asked);
    await hub.close();
    expect(await openCheckpoint('org/name', { offline: true })).toEqual(first);
  });

  test('but begun there is completed', async () => {
    fill({ 'config.json': read('config.json') });
    const hub = await startHub(llama());
    vi.stubEnv('HF_ENDPOINT', hub.endpoint);
    await openCheckpoint('org/name');
    expect(hub.asked.filter(({ path }) => path.endsWith('config.json'))).toEqual([]);
    await hub.close();
  });
});

describe('where the system has no links', () => {
  const refuses = () => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' }));

  test('a blob is copied into the snapshot', async () => {
    const blob = join(place, 'blobs', 'b');
    const shown = join(place, 'snapshots', 'x', 'config.json');
    for (const file of [blob, shown]) mkdirSync(dirname(file), { recursive: true });
    writeFileSync(blob, 'content');
    writeFileSync(shown, 'older');
    await showInSnapshot(blob, shown, refuses);
    expect(lstatSync(shown).isFile()).toBe(true);
    expect(readFileSync(shown, 'utf8')).toBe('content');
    await showInSnapshot(blob, shown);
    expect(lstatSync(shown).isSymbolicLink()).toBe(true);
    expect(readdirSync(dirname(blob))).toEqual([basename(blob)]);
  });

  test('other failures are told', async () => {
    await expect(showInSnapshot(join(place, 'b'), join(place, 'no', 'x'), refuses)).rejects.toThrow(UserError);
  });
});

test.each([
  [{ HF_HUB_CACHE: '/a', HF_HOME: '/b' }, '/a'],
  [{ HUGGINGFACE_HUB_CACHE: '/a', HF_HOME: '/b' }, '/a'],
  [{ HF_HOME: '/b', XDG_CACHE_HOME: '/c' }, '/b/hub'],
  [{ XDG_CACHE_HOME: '/c' }, '/c/huggingface/hub'],
])('the place of the cache: %j', (env, expected) => {
  expect(hubCacheDirectory(env)).toBe(expected);
});
