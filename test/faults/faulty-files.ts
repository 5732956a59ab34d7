/**
 * @file Makes calls of the file system fail, or the process end in the middle of one. A module that
 * uses this imports it first: it replaces functions of Node that others keep.
 */
import fs from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

export interface Fault {
  /** Only calls on paths below this folder are counted. */
  readonly root: string;
  /** The n-th call, from 1 on; none for 0. */
  readonly at: number;
  /** `full`: this and every later call that writes finds a full disk. */
  readonly what: 'full' | 'EIO' | 'EMFILE' | 'kill';
}

let fault: Fault | undefined;
let calls = 0;

/** @returns how many calls were counted */
export async function withFault(wanted: Fault, work: () => Promise<unknown>): Promise<number> {
  [fault, calls] = [wanted, 0];
  try {
    await work();
  } finally {
    fault = undefined;
  }
  return calls;
}

/** Whether this call fails. */
function meets(path: unknown): boolean {
  if (fault === undefined || typeof path !== 'string' || !path.startsWith(fault.root)) return false;
  calls++;
  return fault.what === 'full' ? fault.at > 0 && calls >= fault.at : calls === fault.at;
}

function failure(syscall: string, path: string): Error {
  if (fault!.what === 'kill') process.kill(process.pid, 'SIGKILL');
  const code = fault!.what === 'full' ? 'ENOSPC' : fault!.what;
  return Object.assign(new Error(`${code}: made by a test, ${syscall} '${path}'`), { code, errno: -1, syscall, path });
}

type Call = (...args: unknown[]) => Promise<unknown>;

function replace(owner: object, name: string, wrap: (original: Call) => Call): void {
  const methods = owner as Record<string, Call>;
  methods[name] = wrap(methods[name]!.bind(owner));
}

/** Half of what is written arrives before the fault. */
function half(data: unknown): unknown {
  return (data as Buffer | string).slice(0, (data as Buffer | string).length >> 1);
}

function faultyHandle(handle: FileHandle, path: string): FileHandle {
  for (const name of ['sync', 'datasync', 'truncate']) {
    replace(handle, name, original => async (...args) => {
      if (meets(path)) throw failure(name, path);
      return original(...args);
    });
  }
  replace(handle, 'writeFile', original => async (data, ...args) => {
    if (!meets(path)) return original(data, ...args);
    await original(half(data), ...args);
    throw failure('write', path);
  });
  replace(handle, 'write', original => async (data, offset, length, position) => {
    if (!meets(path)) return original(data, offset, length, position);
    await original(data, offset, Number(length) >> 1, position);
    throw failure('write', path);
  });
  return handle;
}

for (const name of ['rename', 'mkdir', 'rm']) {
  replace(promises, name, original => async (path, ...args) => {
    // What is removed frees space.
    if (!(name === 'rm' && fault?.what === 'full') && meets(path)) throw failure(name, path as string);
    return original(path, ...args);
  });
}
replace(promises, 'open', original => async (path, ...args) => {
  const reads = args[0] === undefined || args[0] === 'r' || args[0] === 0;
  if (!(reads && fault?.what === 'full') && meets(path)) throw failure('open', path as string);
  return faultyHandle((await original(path, ...args)) as FileHandle, path as string);
});
// proper-lockfile makes its locks with callbacks.
const { mkdir } = fs;
fs.mkdir = Object.assign((path: string, ...args: unknown[]) => {
  if (meets(path)) (args.at(-1) as (error: Error) => void)(failure('mkdir', path));
  else (mkdir as (...all: unknown[]) => void)(path, ...args);
}, mkdir) as typeof mkdir;
syncBuiltinESMExports();
