import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lifeOf, ownIdentity } from './process-identity.ts';

const own = ownIdentity();
// Beyond the largest process id of any system.
const NOBODY = 2 ** 30;

function started(file: string, args: readonly string[]): ChildProcess {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('a process id that nobody has is dead, one of another machine, boot or container unknown', () => {
  expect(lifeOf({ ...own, pid: NOBODY }, own)).toBe('dead');
  for (const scope of ['elsewhere-1', undefined]) {
    expect(lifeOf({ ...own, scope, pid: NOBODY }, own)).toBe('unknown');
    expect(lifeOf({ ...own, scope }, own)).toBe('unknown');
    expect(lifeOf(own, { ...own, scope })).toBe('unknown');
  }
});

// /proc holds everything else about a process.
describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('this process is alive; a later process of the same id is not the one that is meant', () => {
    expect(own).toMatchObject({ pid: process.pid, scope: expect.stringMatching(/^[0-9a-f]{32}-\d+$/) });
    expect(lifeOf(own, own)).toBe('alive');
    expect(lifeOf({ ...own, start: String(Number(own.start) - 1) }, own)).toBe('dead');
    expect(lifeOf({ ...own, start: undefined }, own)).toBe('unknown');
  });

  test('a process is dead as soon as it is killed, although nobody waits for it', async () => {
    // The shell becomes a program that never waits for the child that it inherits.
    const parent = started('sh', ['-c', 'sleep 100 & echo $!; exec sleep 100']);
    const pid = Number(String(await new Promise(resolve => parent.stdout!.once('data', resolve))));
    const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8');
    const start = stat().split(' ')[21]!;
    const child = { ...own, pid, start };
    expect(lifeOf(child, own)).toBe('alive');
    process.kill(pid, 'SIGKILL');
    while (!stat().includes(') Z ')) await sleep(5);
    // Its id is still taken.
    expect(process.kill(pid, 0)).toBe(true);
    expect(lifeOf(child, own)).toBe('dead');
  });
});
