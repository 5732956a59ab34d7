import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { childModule } from '../../src/child-module.ts';
import { UserError } from '../../src/error.ts';
import { digestsBelow, scratch } from '../cell/scratch.ts';
import { countCalls, type Fault, withFault } from './faulty-files.ts';
import { type JobName, jobs, TESTS } from './jobs.ts';

type Files = Readonly<Record<string, string>>;

/** A digest of every file; of an arm of the evidence, what it holds besides the time that it took. */
function filesBelow(folder: string): Files {
  const withoutTime = (name: string) =>
    readFileSync(join(folder, name), 'utf8').replace(/"seconds": [^,\n]+/, '"seconds": 0');
  const entries = Object.entries(digestsBelow(folder));
  return Object.fromEntries(
    entries.map(([name, digest]) => [name, /arms\/.*\.json$/.test(name) ? withoutTime(name) : digest]),
  );
}

/** What a job leaves without a fault, and how many calls of the file system it makes. */
export async function withoutFault(job: JobName): Promise<{ readonly calls: number; readonly files: Files }> {
  const out = scratch();
  const calls = await countCalls(out, () => jobs[job](out));
  return { calls, files: filesBelow(out) };
}

/**
 * Lets one call fail. The job then says one clear line or does without the call; what it stored is
 * whole, and it resumes to the same files.
 */
export async function meetError(job: JobName, fault: Omit<Fault, 'root'>, files: Files): Promise<void> {
  const root = scratch();
  const error = await withFault({ root, ...fault }, () => jobs[job](root)).then(
    () => undefined,
    error => error,
  );
  if (error !== undefined) {
    expect(error, `call ${fault.at}: ${error.stack}`).toBeInstanceOf(UserError);
    expect(error.message).toContain(root);
    expect(error.message).toMatch(/the disk is full|input\/output error|too many open files/);
  }
  await expectResumes(job, { root, at: fault.at }, files);
}

/**
 * Takes the folders that a process leaves that is killed in each of its calls: what is stored is
 * whole, and the job resumes to the same files.
 *
 * @returns how many calls there are
 */
export async function meetKills(job: JobName, files: Files): Promise<number> {
  const into = scratch();
  const calls = await killAfter(job, into);
  for (let at = 1; at <= calls; at++) await expectResumes(job, { root: join(into, String(at)), at }, files);
  return calls;
}

/**
 * @param into gets the folder of the job as it is in each call
 * @returns how many calls there are
 */
async function killAfter(job: JobName, into: string): Promise<number> {
  const { file, execArgv } = childModule('job-process', import.meta.url);
  const child = fork(file, [JSON.stringify({ job, root: scratch(), into })], {
    execArgv: [...execArgv],
    env: { ...process.env, DUALFORM_TESTS: TESTS },
  });
  const ended = once(child, 'close');
  const [calls] = await Promise.race([once(child, 'message'), ended]);
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  return calls;
}

async function expectResumes(
  job: JobName,
  { root, at }: { readonly root: string; readonly at: number },
  files: Files,
): Promise<void> {
  const told = `call ${at}`;
  // Stored cells and results have the bytes that they have at the end; nothing was set aside.
  for (const [name, digest] of Object.entries(filesBelow(root))) {
    if (name.endsWith('failed.json')) throw new Error(`${told}: ${readFileSync(join(root, name), 'utf8')}`);
    if (/^(cells|parts)\/.*\.json$|^result\.json$/.test(name))
      expect([name, digest], told).toEqual([name, files[name]]);
  }
  await jobs[job](root);
  // A later write removes what a killed one left.
  const left = Object.entries(filesBelow(root)).filter(([name]) => !name.endsWith('.part'));
  expect(Object.fromEntries(left), told).toEqual(files);
  rmSync(root, { recursive: true });
}
