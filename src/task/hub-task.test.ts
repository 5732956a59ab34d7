import { mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeHub, stubCaches } from '../../test/hub-environment.ts';
import { COMMIT, type HubServer, sha256, startHub } from '../../test/hub-server.ts';
import { parseDatasetId } from '../checkpoint/hub/hub-id.ts';
import { openDataset, pullDataset } from '../checkpoint/hub/open-dataset.ts';
import { UserError } from '../error.ts';
import { openTask } from './open-task.ts';

const table = (texts: readonly string[]) =>
  Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'sentence', data: [...texts], type: 'STRING' },
        { name: 'label', data: texts.map((_, i) => BigInt(i % 2)), type: 'INT64' },
      ],
    }),
  );
const files = {
  'data/train-00000-of-00002.parquet': table(['a', 'b', 'c']),
  'data/train-00001-of-00002.parquet': table(['d', 'e']),
  'data/validation-00000-of-00001.parquet': table(['f', 'g']),
  'data/test-00000-of-00001.parquet': table(['h']),
  'README.md': Buffer.from('not needed'),
};
const settings = { template: 'Sentence: {text} Label:', labels: ['bad', 'good'], columns: { text: 'sentence' } };
const pace = { tries: 2, backOffMs: 2, longestWaitMs: 30, silentMs: 3000, abandonedMs: 400, lookMs: 5 };

let place: string;
let hub: HubServer;
beforeEach(async () => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-dataset-')));
  hub = await startHub(files);
  stubCaches(place, hub);
});
afterEach(() => removeHub(place, hub));

const open = (more: object = { data: 'hf:org/name' }, offline = false) => {
  writeFileSync(join(place, 'own.task.json'), JSON.stringify({ ...settings, ...more }));
  return openTask(join(place, 'own.task.json'), { offline });
};
const refusal = async (job: Promise<unknown>) => {
  const error = await job.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
};

test('a data set of the hub is a task: splits, shards in order, the cache of the Python tools; then without network', async () => {
  const task = await open();
  expect(task.train().map(({ id, fields, label }) => [id, fields.text, label])).toEqual([
    [0, 'a', 0],
    [1, 'b', 1],
    [2, 'c', 0],
    [3, 'd', 0],
    [4, 'e', 1],
  ]);
  expect(
    task
      .evaluation()
      .map(({ fields }) => fields.text)
      .toSorted(),
  ).toEqual(['f', 'g']);
  const folder = join(place, 'hub', 'datasets--org--name');
  expect(readFileSync(join(folder, 'refs', 'main'), 'utf8')).toBe(COMMIT);
  const names = readdirSync(join(folder, 'snapshots', COMMIT, 'data'));
  expect(names.sort()).toEqual([
    'train-00000-of-00002.parquet',
    'train-00001-of-00002.parquet',
    'validation-00000-of-00001.parquet',
  ]);
  const train = files['data/train-00000-of-00002.parquet'];
  expect(readFileSync(join(folder, 'blobs', sha256(train))).equals(train)).toBe(true);

  writeFileSync(join(place, 't.csv'), 'sentence,label\na,0\nb,1\nc,0\nd,0\ne,1\n');
  writeFileSync(join(place, 'v.jsonl'), '{"sentence":"f","label":0}\n{"sentence":"g","label":1}\n');
  expect((await open({ train: 't.csv', evaluation: 'v.jsonl' })).digest).toBe(task.digest);

  const asked = hub.asked.length;
  await hub.close();
  expect((await open(undefined, true)).digest).toBe(task.digest);
  expect(hub.asked.length).toBe(asked);
  expect(await refusal(open({ data: 'hf:org/name', evaluation: 'test' }, true))).toMatch(
    /^hf:org\/name: data\/test-00000-of-00001\.parquet is not in .*hub, and `offline` refuses the network; run with network: dualform pull hf:org\/name$/,
  );
  hub = await startHub(files);
});

// Opening the files alone needs no process that decodes them.
const dataset = parseDatasetId('hf:org/name');
const wanted = { train: undefined, evaluation: ['test'] };

test('a damaged file is found, and fetched again with network', async () => {
  await openDataset(dataset, wanted, {});
  const train = files['data/train-00000-of-00002.parquet'];
  const blob = join(place, 'hub', 'datasets--org--name', 'blobs', sha256(train));
  const damaged = Buffer.from(train);
  damaged[20]! ^= 1;
  writeFileSync(blob, damaged);
  expect(await refusal(openDataset(dataset, wanted, { offline: true }))).toContain(
    'data/train-00000-of-00002.parquet is not in',
  );
  await openDataset(dataset, wanted, {});
  expect(readFileSync(blob).equals(train)).toBe(true);
});

test('pull fetches every split; a newer commit is taken by another pull alone', async () => {
  const pulled = await pullDataset(dataset, { pace });
  const tables = Object.keys(files).filter(name => name.endsWith('.parquet'));
  expect(pulled.files.map(({ name }) => name).sort()).toEqual(tables.sort());
  const [first] = (await openDataset(dataset, wanted, { offline: true })).evaluation!;
  expect(readFileSync(first!).equals(files['data/test-00000-of-00001.parquet'])).toBe(true);
  const newer = table(['x', 'y']);
  hub.commit = 'd0'.repeat(20);
  hub.files = { ...files, 'data/test-00000-of-00001.parquet': newer };
  expect((await openDataset(dataset, wanted, {})).evaluation).toEqual([first]);
  await pullDataset(dataset, { pace });
  const [second] = (await openDataset(dataset, wanted, { offline: true })).evaluation!;
  expect(readFileSync(second!).equals(newer)).toBe(true);
});

test("where there are no .parquet files, the hub's own branch with them is read", async () => {
  const converted = { 'default/train/0000.parquet': table(['a', 'b', 'c', 'd', 'e']) };
  hub.files = { 'train.csv': Buffer.from('x') };
  const main = hub.files;
  hub.misbehave = (_, __, { path }) => {
    hub.files = path.includes('refs/convert/parquet') || path.includes('e0e0') ? converted : main;
    hub.commit = path.includes('refs/convert/parquet') ? 'e0'.repeat(20) : COMMIT;
    if (path.includes('/store/')) hub.files = converted;
    return false;
  };
  const parts = await openDataset(dataset, { train: undefined, evaluation: undefined }, {});
  expect(parts.train.map(file => basename(file))).toEqual(['0000.parquet']);
  expect(parts.evaluation).toBe(undefined);
  expect(await openDataset(dataset, { train: undefined, evaluation: undefined }, { offline: true })).toEqual(parts);
});

test.each<[string, object, RegExp]>([
  [
    'no such split',
    { data: 'hf:org/name', train: 'tain' },
    /^hf:org\/name: has no split "tain"; the nearest is "train"/,
  ],
  [
    'no such configuration',
    { data: 'hf:org/name:x' },
    /^hf:org\/name: has no configuration "x"; the nearest is "default"/,
  ],
  ['not an id', { data: 'hf:name' }, /hf:name: not a data set of the hub: there must be one "\/".*give hf:org\/name/],
  [
    'two data sets',
    { data: ['hf:org/name', 'a.csv'] },
    /own\.task\.json: data: a data set of the hub must be the only entry/,
  ],
])('is refused: %s', async (_, more, message) => {
  expect(await refusal(open(more))).toMatch(message);
});

test('without network and cache, or without .parquet files, it says what to do', async () => {
  expect(await refusal(open(undefined, true))).toMatch(
    /^hf:org\/name: it is not in .*hub, and `offline` refuses the network; run with network: dualform pull hf:org\/name$/,
  );
  hub.files = { 'train.csv': Buffer.from('x') };
  expect(await refusal(open())).toMatch(
    /^hf:org\/name: there are no \.parquet files at main or refs\/convert\/parquet; download/,
  );
  hub.misbehave = (_, response) => {
    response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end();
    return true;
  };
  expect(await refusal(open())).toMatch(/has no such data set, or it is private/);
  expect(await refusal(openTask('hf:org/absent'))).toMatch(
    /^absent\.task\.json: there is no such file; write the template and the label words of hf:org\/absent there, as in {/,
  );
});
