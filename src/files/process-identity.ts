/**
 * @file Identifies a process by more than its id, which other machines, containers and later
 * processes may share.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from './file-bytes.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** For people: machines may share a name. */
  readonly host: string;
  /**
   * Where the process id is unique: on Linux a boot of the machine and a pid namespace (each
   * container has its own), elsewhere the name of the machine. Undefined where the system does not
   * tell.
   */
  readonly scope: string | undefined;
  /**
   * On Linux the start of the process in clock ticks since boot, which differs for a later process
   * with the same id.
   */
  readonly start: string | undefined;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  const host = hostname().replaceAll(/[^\w.-]/g, '_');
  if (process.platform !== 'linux') return { pid, host, scope: host.replaceAll('.', '_'), start: undefined };
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim().replaceAll('-', '');
  const namespace = /\d+/.exec(readLink('/proc/self/ns/pid') ?? '')?.[0];
  // /proc may belong to another pid namespace, where its numbers are not our process ids.
  const start = readLink('/proc/self') === String(pid) ? readStat(pid)?.start : undefined;
  const known = boot !== undefined && namespace !== undefined && start !== undefined;
  return { pid, host, scope: known ? `${boot}-${namespace}` : undefined, start };
}

/**
 * Whether a process lives, as seen by `own`; `unknown` on another machine, in another pid
 * namespace, or without /proc. A zombie counts as dead, although its id is still in use.
 */
export function lifeOf(other: ProcessIdentity, own: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (own.scope === undefined || own.scope !== other.scope) return 'unknown';
  if (!isTaken(other.pid)) return 'dead';
  const stat = other.start === undefined ? undefined : readStat(other.pid);
  if (stat === undefined) return 'unknown';
  return stat.start !== other.start || /[ZXx]/.test(stat.state) ? 'dead' : 'alive';
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/**
 * State and start time of /proc/PID/stat, after the name of the program in brackets, which may
 * contain anything.
 */
function readStat(pid: number): { readonly state: string; readonly start: string } | undefined {
  const text = readText(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields?.[0], fields?.[19]];
  return state === undefined || start === undefined ? undefined : { state, start };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readLink(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
