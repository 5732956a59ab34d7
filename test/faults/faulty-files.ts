/**
 * @file Makes calls of the file system fail, or never return. A module that uses this imports it
 * first: it replaces functions of Node that others keep.
 */
import fs from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

export interface Fault {
  /** Only calls on paths below this folder are counted. */
  readonly root: string;
  /** The n-th call, from 1 on; none for 0. */
  readonly at: number;
  /**
   * `full`: this and every later call that writes finds a full disk. `stop`: this and every later
   * call never returns, so that the folder stays as a process leaves it that is killed in this call.
   */
  readonly what: 'full' | 'EIO' | 'EMFILE' | 'stop';
}

interface Watch extends Fault {
  calls: number;
  readonly stopped: () => void;
}

const watches = new Map<string, Watch>();
/** Of jobs that stopped: the collector of garbage would close them. */
const handles: FileHandle[] = [];

/**
 * Does work with a fault. Ends with the work, or when it has stopped.
 *
 * @returns how many calls were counted
 */
export async function withFault(fault: Fault, work: () => Promise<unknown>): Promise<number> {
  const watch = await new Promise<Watch>((resolve, reject) => {
    const watched: Watch = { ...fault, calls: 0, stopped: () => resolve(watched) };
    watches.set(fault.root, watched);
    work().then(() => resolve(watched), reject);
  }).finally(() => fault.what !== 'stop' && watches.delete(fault.root));
  if (fault.what === 'stop' && watch.calls < fault.at) throw new Error(`there are ${watch.calls} calls`);
  return watch.calls;
}

/** The fault that a call meets. */
interface Met {
  readonly watch: Watch;
  /** The first one of its fault; a write then writes half. */
  readonly first: boolean;
}

function meets(path: unknown): Met | undefined {
  if (typeof path !== 'string') return undefined;
  const watch = [...watches.values()].find(({ root }) => path.startsWith(root));
  if (watch === undefined) return undefined;
  const { at, what } = watch;
  const calls = ++watch.calls;
  const lasts = what === 'full' || what === 'stop';
  return at > 0 && (calls === at || (lasts && calls > at)) ? { watch, first: calls === at } : undefined;
}

/** Throws, or never returns. */
async function fail({ watch }: Met, syscall: string, path: string): Promise<never> {
  if (watch.what === 'stop') {
    watch.stopped();
    return new Promise(() => undefined);
  }
  const code = watch.what === 'full' ? 'ENOSPC' : watch.what;
  throw Object.assign(new Error(`${code}: made by a test, ${syscall} '${path}'`), { code, errno: -1, syscall, path });
}

function diskIsFull(path: unknown): boolean {
  return (
    typeof path === 'string' && [...watches.values()].some(({ root, what }) => what === 'full' && path.startsWith(root))
  );
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
      const met = meets(path);
      return met ? fail(met, name, path) : original(...args);
    });
  }
  replace(handle, 'writeFile', original => async (data, ...args) => {
    const met = meets(path);
    if (met === undefined) return original(data, ...args);
    if (met.first) await original(half(data), ...args);
    return fail(met, 'write', path);
  });
  replace(handle, 'write', original => async (data, offset, length, position) => {
    const met = meets(path);
    if (met === undefined) return original(data, offset, length, position);
    if (met.first) await original(data, offset, Number(length) >> 1, position);
    return fail(met, 'write', path);
  });
  return handle;
}

for (const name of ['rename', 'mkdir', 'rm']) {
  replace(promises, name, original => async (path, ...args) => {
    // What is removed frees space.
    const met = name === 'rm' && diskIsFull(path) ? undefined : meets(path);
    return met ? fail(met, name, path as string) : original(path, ...args);
  });
}
replace(promises, 'open', original => async (path, ...args) => {
  const reads = args[0] === undefined || args[0] === 'r' || args[0] === 0;
  const met = reads && diskIsFull(path) ? undefined : meets(path);
  if (met) return fail(met, 'open', path as string);
  const handle = (await original(path, ...args)) as FileHandle;
  if ([...watches.values()].some(({ what }) => what === 'stop')) handles.push(handle);
  return faultyHandle(handle, path as string);
});
// proper-lockfile makes its locks with callbacks.
const { mkdir } = fs;
fs.mkdir = Object.assign((path: string, ...args: unknown[]) => {
  const met = meets(path);
  if (met) fail(met, 'mkdir', path).catch(args.at(-1) as (error: Error) => void);
  else (mkdir as (...all: unknown[]) => void)(path, ...args);
}, mkdir) as typeof mkdir;
syncBuiltinESMExports();
