/** @file A study of a tiny model that is computed whole, and again in other processes. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect } from 'vitest';
import type { Progress } from '../../src/hooks.ts';
import { planStudy } from '../../src/study/evidence/plan-study.ts';
import { type ArmsStatus, type RunArmsOptions, runArms } from '../../src/study/evidence/run-arms.ts';
import type { StudyInputs } from '../../src/study/evidence/study-inputs.ts';
import { LETTERS, TINY_MODEL } from '../run/tiny.ts';

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

export interface WholeStudy {
  readonly inputs: StudyInputs;
  /** How many. */
  readonly arms: number;
  readonly digests: Readonly<Record<string, string>>;
}

/** For all tests of a file: the study, computed at once. */
export function wholeStudy(): WholeStudy {
  const made = {} as { inputs: StudyInputs; arms: number; digests: WholeStudy['digests'] };
  beforeAll(async () => {
    made.inputs = await planStudy(wishes);
    made.arms = made.inputs.tasks[0]!.plan.arms.length;
    const folder = mkdtempSync(join(tmpdir(), 'dualform-arms-'));
    expect(await runArms(made.inputs, { folder, threads: 1 })).toMatchObject({
      arms: made.arms,
      found: 0,
      missing: [],
    });
    made.digests = digests(folder);
    rmSync(folder, { recursive: true });
  });
  return made;
}

/** Resumes a study that was killed; it computes the missing arms alone and ends with the same bytes. */
export async function expectResumed(folder: string, whole: WholeStudy): Promise<void> {
  const files = readdirSync(folder, { recursive: true }).map(String);
  const stored = files.filter(name => name.startsWith(join('letters', 'arms')) && name.endsWith('.json')).length;
  const { found, missing } = await runArms(whole.inputs, { folder, threads: 1 });
  expect(found).toBe(stored);
  expect(missing).toEqual([]);
  expect(digests(folder)).toEqual(whole.digests);
  expect(readdirSync(folder)).toEqual(['letters']);
}

/** A digest of every file, without the seconds that an arm took. */
export function digests(folder: string): Readonly<Record<string, string>> {
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
export async function inProcess(
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
