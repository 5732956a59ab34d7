/**
 * @file The built command line: in a process of its own, or in one that the commands of a test file share, since most
 * of the time of a short command is that of loading the program.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterAll, expect, onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const hostFile = fileURLToPath(new URL('host.mjs', import.meta.url));

export const tinyModel = fileURLToPath(new URL('../golden/llama/', import.meta.url));
export const goldenFile = (path: string) => fileURLToPath(new URL(`../golden/${path}`, import.meta.url));

/** How a command ended; failures are answers, not errors. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

interface Place {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

let host: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Runs a command in the shared process, after those before it. */
export function dualform(args: readonly string[], place: Place = {}): Promise<Ended> {
  const ended = last.then(() => perform(args, place));
  last = ended.catch(() => undefined);
  return ended;
}

async function perform(args: readonly string[], { cwd = process.cwd(), env = {} }: Place): Promise<Ended> {
  host ??= fork(hostFile, [pathToFileURL(main).href], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = new AbortController();
  const reply = once(host, 'message', stop).then(([message]) => message as Ended);
  const crash = once(host, 'exit', stop).then(([code, signal]) => {
    host = undefined;
    throw new Error(`dualform ${args.join(' ')}: the process ended with ${signal ?? code}`);
  });
  host.send({ args, cwd, env });
  try {
    return await Promise.race([reply, crash]);
  } finally {
    for (const each of [reply, crash]) each.catch(() => undefined);
    stop.abort();
  }
}

// What commands leave open would keep a process of their own from ending.
afterAll(async () => {
  if (host === undefined) return;
  const ended = once(host, 'exit');
  host.disconnect();
  expect(await ended).toEqual([0, null]);
  host = undefined;
});

/** Starts a command in a process of its own, behind a command of the shell if one is given. */
export function startDualform(args: readonly string[], { shell, ...place }: Place & { readonly shell?: string } = {}) {
  const [file, before] = shell === undefined ? ['node', []] : ['sh', ['-c', `${shell}; exec node "$@"`, 'sh']];
  const common = { reject: false, stripFinalNewline: false, stdin: 'ignore' } as const;
  return execa(file, [...before, main, ...args], { ...common, ...place });
}

/** An empty folder that goes with the test. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dualform-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
