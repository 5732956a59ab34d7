import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerOptions } from '../../src/cell/queue/worker.ts';
import { childModule } from '../../src/child-module.ts';

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  /** What it said. */
  readonly lines: () => readonly string[];
  /** Waits until it says something. */
  says(pattern: RegExp): Promise<void>;
  readonly ended: Promise<number | null>;
  /** Ends it and waits until it is gone. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface WorkerProcessOptions extends Pick<WorkerOptions, 'url' | 'out' | 'once' | 'threads' | 'offerAgainMs'> {
  /** Which cells it can compute: those that compute nothing unless given. */
  readonly kinds?: 'all';
  /** Environment variables of it. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts it, before its own words: `ip netns exec NAME`. */
  readonly through?: readonly string[];
}

export function startWorkerProcess({ env, through = [], ...options }: WorkerProcessOptions): WorkerProcess {
  const { file, execArgv } = childModule('fake-worker', import.meta.url);
  const [program, ...args] = [...through, process.execPath, ...execArgv, file, JSON.stringify(options)];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', part => (text += part));
  const ended = new Promise<number | null>(resolve => child.once('close', code => resolve(code)));
  return {
    child,
    lines: () => text.trim().split('\n'),
    ended,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
    says: async pattern => {
      while (!pattern.test(text)) {
        if (child.exitCode !== null) throw new Error(`the worker ended and said: ${text}`);
        await sleep(20);
      }
    },
  };
}
