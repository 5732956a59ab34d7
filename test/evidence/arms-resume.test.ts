/** @file Studies that are stopped, killed, or computed by several processes. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/hooks.ts';
import { Interrupted } from '../../src/run/interrupted.ts';
import { planStudy } from '../../src/study/evidence/plan-study.ts';
import { type ArmsStatus, type RunArmsOptions, runArms } from '../../src/study/evidence/run-arms.ts';
import type { StudyInputs } from '../../src/study/evidence/study-inputs.ts';
import { LETTERS, scratch, TINY_MODEL } from '../run/tiny.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/run-arms.mjs', import.meta.url));
const wishes = {
  ...{
    preset: 'standard',
    model: TINY_MODEL,
    tasks: [LETTERS],
    learningRate: 0.1,
    without: ['task', 'tokens', 'rates', 'shots', 'batch', 'nudged'],
  },
  ...{ seeds: 4, shots: 4, rows: 3, behaviourRows: 5, batchSize: 4 },
} as const satisfies Parameters<typeof planStudy>[0];

let inputs: StudyInputs;
let arms: number;
let whole: Readonly<Record<string, string>>;

beforeAll(async () => {
  inputs = await planStudy(wishes);
  arms = inputs.tasks[0]!.plan.arms.length;
  const folder = mkdtempSync(join(tmpdir(), 'dualform-arms-'));
  expect(await runArms(inputs, { folder, threads: 1 })).toMatchObject({ arms, found: 0, missing: [] });
  whole = digests(folder);
  return () => rmSync(folder, { recursive: true });
});

/** A digest of every file, without the seconds that an arm took. */
function digests(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const entries = files.map(({ parentPath, name }) => {
    const bytes = readFileSync(join(parentPath, name));
    const isRecord = parentPath.endsWith('arms') && name.endsWith('.json');
    const content = isRecord ? bytes.toString().replace(/"seconds": [\d.e-]+/, '') : bytes;
    return [name, createHash('sha256').update(content).digest('hex')] as const;
  });
  return Object.fromEntries(entries.sort());
}

/** Computes in another process; `at` kills it. */
async function inProcess(
  options: Pick<RunArmsOptions, 'folder' | 'shard'>,
  at: (event: Progress) => boolean = () => false,
): Promise<ArmsStatus | undefined> {
  const given = [wishes, { ...options, threads: 1 }].map(each => JSON.stringify(each));
  const child = spawn(process.execPath, [SCRIPT, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve(signal ?? code)));
  let last: Progress | ArmsStatus | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line) as Progress | ArmsStatus;
    if ('stage' in last && at(last)) child.kill('SIGKILL');
  }
  const how = await ended;
  if (how === 'SIGKILL') return undefined;
  expect(how).toBe(0);
  return last as ArmsStatus;
}

const reached = (percent: number) => (event: Progress) => event.stage === 'arms' && event.done >= percent;

describe('killed, a study resumes and ends with the same bytes', () => {
  test.each([
    ['in the arms of the first seed', reached(8)],
    ['while it writes an untrained model', (event: Progress) => event.stage === 'load'],
    ['in the arms of an untrained model', reached(95)],
  ])('%s', async (_, at) => {
    const folder = scratch();
    expect(await inProcess({ folder }, at)).toBeUndefined();
    const stored = readdirSync(join(folder, 'letters', 'arms')).filter(name => name.endsWith('.json')).length;
    const { found, missing } = await runArms(inputs, { folder, threads: 1 });
    expect(found).toBe(stored);
    expect(missing).toEqual([]);
    expect(digests(folder)).toEqual(whole);
    expect(readdirSync(folder)).toEqual(['letters']);
  });
});

test('stopped by its signal between the arms of a seed, it resumes', async () => {
  const folder = scratch();
  for (const last of ['I/1/same', 'F/1/same', 'U1:I/1/same']) {
    const stop = new AbortController();
    const onProgress = ({ detail }: Progress) => {
      if (detail?.endsWith(` ${last}`)) stop.abort();
    };
    const error = await runArms(inputs, { folder, threads: 1, signal: stop.signal, onProgress }).catch(each => each);
    expect(error).toBeInstanceOf(Interrupted);
    expect(error.message).toMatch(/interrupted with \d+ of \d+ arms stored in/);
    expect(readdirSync(folder)).toEqual(['letters']);
  }
  await runArms(inputs, { folder, threads: 1 });
  expect(digests(folder)).toEqual(whole);
});

test('two shards at once are the whole', async () => {
  const folder = scratch();
  const shards = [1, 2].map(index => inProcess({ folder, shard: { index, count: 2 } }));
  const [first, second] = await Promise.all(shards);
  expect(digests(folder)).toEqual(whole);
  expect([first, second].some(status => status!.missing.length === 0)).toBe(true);
});

test('one shard says what the other has to do', async () => {
  const folder = scratch();
  const { missing } = await runArms(inputs, { folder, threads: 1, shard: { index: 2, count: 2 } });
  expect(missing.length).toBeGreaterThan(arms / 3);
  expect(missing).toContainEqual({ task: 'letters', arm: 'Z' });
  const rest = await runArms(inputs, { folder, threads: 1, shard: { index: 1, count: 2 } });
  expect(rest).toMatchObject({ arms, found: arms - missing.length, missing: [] });
  expect(digests(folder)).toEqual(whole);
});

test('processes that share a folder without shards share the work', async () => {
  const folder = scratch();
  const statuses = await Promise.all([inProcess({ folder }), inProcess({ folder })]);
  expect(statuses.some(status => status!.missing.length === 0)).toBe(true);
  expect(digests(folder)).toEqual(whole);
});

describe('a folder with other content', () => {
  test('other token ids', async () => {
    const folder = scratch();
    await runArms(inputs, { folder, threads: 1, shard: { index: 100, count: 100 } });
    const file = join(folder, 'letters', 'tokens.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"tap":', '"tap": '));
    await expect(runArms(inputs, { folder, threads: 1 })).rejects.toThrow(
      'tokens.jsonl: holds other token ids than this study feeds',
    );
  });
});
