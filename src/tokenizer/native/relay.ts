/**
 * @file A thread between a program and the process that holds the Rust library: it waits for the process while the
 * program's own thread waits for it, so that the program can ask without a promise. A process that ended is replaced
 * when the next order comes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { workerData } from 'node:worker_threads';
import type { RelayData } from './bridge.ts';
import type { Order, Reply } from './protocol.ts';

const { port, replies, child: module } = workerData as RelayData;
const STDERR_KEPT = 4096;

let child: ChildProcess | undefined;
let waiting = false;
try {
  // Before the first order: the library loads while the program reads the file that it will send.
  child = start();
} catch {
  // The first order tries again and tells.
}

port.on('message', (order: Order) => {
  if (order.kind === 'forget') {
    child?.send(order, () => {});
    return;
  }
  waiting = true;
  try {
    child ??= start();
    // A failed send means that the process is gone; its end is the reply.
    child.send(order, () => {});
  } catch (error) {
    reply({ kind: 'crash', cause: (error as Error).message, stderr: '' });
  }
});

function start(): ChildProcess {
  const started = fork(module.file, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...module.execArgv],
    env: { ...process.env, RUST_BACKTRACE: '0' },
  });
  let stderr = '';
  const ended = (cause: string): void => {
    if (child !== started) return;
    child = undefined;
    if (waiting) reply({ kind: 'crash', cause, stderr });
  };
  started.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  started.on('message', reply);
  // 'close' comes after the last message and the last of stderr.
  started.once('close', (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
  started.on('error', error => {
    // With a process there will be a 'close' as well.
    if (started.pid === undefined) ended(error.message);
  });
  return started;
}

function reply(message: unknown): void {
  waiting = false;
  port.postMessage(message as Reply);
  Atomics.add(replies, 0, 1);
  Atomics.notify(replies, 0);
}
