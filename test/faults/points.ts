import { spawn } from 'node:child_process';
import { expect } from 'vitest';
import { childModule } from '../../src/child-module.ts';
import { UserError } from '../../src/error.ts';
import { digestsBelow, scratch } from '../cell/scratch.ts';
import type { Fault } from './faulty-files.ts';
import { withFault } from './faulty-files.ts';
import { type JobName, jobs } from './jobs.ts';

/** What a job leaves without a fault, and how many calls of the file system it makes. */
export async function withoutFault(job: JobName) {
  const out = scratch();
  const calls = await withFault({ root: out, at: 0, what: 'EIO' }, () => jobs[job](out));
  return { calls, files: digestsBelow(out) };
}

/**
 * Lets one call fail, or end the process. The job then says one clear line or does without the call;
 * what it stored is whole, and it resumes to the same files.
 */
export async function meetFault(job: JobName, fault: Omit<Fault, 'root'>, files: Readonly<Record<string, string>>) {
  const root = scratch();
  if (fault.what === 'kill') await killAt(job, root, fault.at);
  else {
    const error = await withFault({ root, ...fault }, () => jobs[job](root)).then(
      () => undefined,
      error => error,
    );
    if (error !== undefined) {
      expect(error, `call ${fault.at}: ${error.stack}`).toBeInstanceOf(UserError);
      expect(error.message).toContain(root);
      expect(error.message).toMatch(/the disk is full|input\/output error|too many open files/);
    }
  }
  expectWhole(root, files);
  await jobs[job](root);
  // A later write removes what a killed one left.
  const left = Object.entries(digestsBelow(root)).filter(([name]) => !name.endsWith('.part'));
  expect(Object.fromEntries(left)).toEqual(files);
}

/** Stored cells and results have the bytes that they have at the end; nothing was set aside. */
function expectWhole(root: string, files: Readonly<Record<string, string>>): void {
  const found = digestsBelow(root);
  for (const [name, digest] of Object.entries(found)) {
    if (/^(cells|parts)\/.*\.json$|^result\.json$/.test(name)) expect([name, digest]).toEqual([name, files[name]]);
  }
}

async function killAt(job: JobName, root: string, at: number): Promise<void> {
  const { file, execArgv } = childModule('job-process', import.meta.url);
  const child = spawn(process.execPath, [...execArgv, file, JSON.stringify({ job, root, at })], { stdio: 'inherit' });
  const signal = await new Promise(resolve => child.once('close', (_, name) => resolve(name)));
  expect(signal).toBe('SIGKILL');
}
