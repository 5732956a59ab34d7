/**
 * @file Counts calls of the file system and makes them fail. A module that uses this imports it
 * first: it replaces functions of Node that others keep.
 */
import fs from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

export interface Fault {
  /** Only calls on paths below this folder are counted. */
  readonly root: string;
  /** The n-th call fails, from 1 on. */
  readonly at: number;
  /** `full`: this call and every later one that needs space finds a full disk. */
  readonly what: 'full' | 'EIO' | 'EMFILE';
}

interface Watch {
  readonly fault?: Fault;
  readonly onCall?: (n: number) => void;
  calls: number;
}

/** By their folders. */
const watches = new Map<string, Watch>();

async function watch(root: string, watched: Watch, work: () => Promise<unknown>): Promise<number> {
  watches.set(root, watched);
  try {
    await work();
    return watched.calls;
  } finally {
    watches.delete(root);
  }
}

/** Does work with a fault. @throws what the work throws */
export async function withFault(fault: Fault, work: () => Promise<unknown>): Promise<void> {
  await watch(fault.root, { fault, calls: 0 }, work);
}

/**
 * Does work without a fault.
 *
 * @param onCall finds the folder as a process leaves it that is killed in the n-th call: of what a
 * call writes, half is there
 * @returns how many calls the work makes
 */
export async function countCalls(
  root: string,
  work: () => Promise<unknown>,
  onCall: (n: number) => void = () => undefined,
): Promise<number> {
  return watch(root, { onCall, calls: 0 }, work);
}

/** A call of the file system, in two steps. */
interface Call<T> {
  readonly path: unknown;
  readonly name: string;
  /** Writes half. */
  readonly begin?: () => Promise<unknown>;
  readonly end: () => Promise<T>;
  /** Whether it also works on a full disk. */
  readonly needsNoSpace?: boolean;
}

async function counted<T>({ path, name, begin, end, needsNoSpace = false }: Call<T>): Promise<T> {
  const watched = [...watches].find(([root]) => typeof path === 'string' && path.startsWith(root))?.[1];
  const n = watched === undefined ? 0 : ++watched.calls;
  const { at = 0, what } = watched?.fault ?? {};
  const isFull = what === 'full' && n >= at && !needsNoSpace;
  if (!isFull || n === at) await begin?.();
  watched?.onCall?.(n);
  if (!isFull && (what === 'full' || n !== at || at === 0)) return end();
  const code = isFull ? 'ENOSPC' : what;
  throw Object.assign(new Error(`${code}: made by a test, ${name} '${path}'`), {
    code,
    errno: -1,
    syscall: name,
    path,
  });
}

type Method = (...args: unknown[]) => Promise<unknown>;

function replace(owner: object, name: string, wrap: (original: Method) => Method): void {
  const methods = owner as Record<string, Method>;
  methods[name] = wrap(methods[name]!.bind(owner));
}

function countedHandle(handle: FileHandle, path: unknown): FileHandle {
  for (const name of ['sync', 'datasync', 'truncate']) {
    replace(
      handle,
      name,
      original =>
        (...args) =>
          counted({ path, name, end: () => original(...args) }),
    );
  }
  replace(handle, 'writeFile', original => (data, ...args) => {
    const bytes = Buffer.from(data as string);
    const half = bytes.length >> 1;
    const begin = () => original(bytes.subarray(0, half), ...args);
    return counted({ path, name: 'write', begin, end: () => original(bytes.subarray(half), ...args) });
  });
  replace(handle, 'write', original => (data, offset, length, position) => {
    const begin = () => original(data, offset, Number(length) >> 1, position);
    return counted({ path, name: 'write', begin, end: () => original(data, offset, length, position) });
  });
  return handle;
}

for (const name of ['rename', 'mkdir', 'rm']) {
  // What is removed frees space.
  const needsNoSpace = name === 'rm';
  replace(
    promises,
    name,
    original =>
      (path, ...args) =>
        counted({ path, name, needsNoSpace, end: () => original(path, ...args) }),
  );
}
replace(promises, 'open', original => async (path, ...args) => {
  const needsNoSpace = args[0] === undefined || args[0] === 'r' || args[0] === 0;
  const handle = await counted({ path, name: 'open', needsNoSpace, end: () => original(path, ...args) });
  return countedHandle(handle as FileHandle, path);
});
// proper-lockfile makes its locks with callbacks.
const { mkdir } = fs;
fs.mkdir = Object.assign((path: string, ...args: unknown[]) => {
  const done = args.pop() as (error: unknown) => void;
  const end = () =>
    new Promise<void>((resolve, reject) =>
      (mkdir as (...all: unknown[]) => void)(path, ...args, (error: unknown) => (error ? reject(error) : resolve())),
    );
  counted({ path, name: 'mkdir', end }).then(() => done(null), done);
}, mkdir) as typeof mkdir;
syncBuiltinESMExports();
