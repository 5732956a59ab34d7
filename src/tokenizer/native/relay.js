// @ts-check
/**
 * @file A thread between a program and the process that holds the Rust library: it waits for the process while the
 * program's own thread waits for it, so that the program can ask without a promise. A process that ended is replaced
 * when the next request comes. Plain JavaScript, since a thread of source cannot be told to strip types in every version
 * of Node.
 */
import { fork } from 'node:child_process';
import { workerData } from 'node:worker_threads';

/** @type {import('./bridge.ts').RelayData} */
const { port, replies, child: module } = workerData;
const STDERR_KEPT = 4096;

/** @type {import('node:child_process').ChildProcess | undefined} */
let child;
let waiting = false;

port.on('message', (/** @type {import('./protocol.ts').Request} */ request) => {
  if (request.kind === 'forget') {
    child?.send(request, () => {});
    return;
  }
  waiting = true;
  try {
    child ??= start();
    // A failed send means that the process is gone; its end is the reply.
    child.send(request, () => {});
  } catch (error) {
    reply({ kind: 'crash', cause: /** @type {Error} */ (error).message, stderr: '' });
  }
});

try {
  // Before the first request: the library loads while the program reads the file that it will send.
  child = start();
} catch {
  // The first request tries again and tells.
}

function start() {
  const started = fork(module.file, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...module.execArgv],
    env: { ...process.env, RUST_BACKTRACE: '0' },
  });
  let stderr = '';
  const ended = (/** @type {string} */ cause) => {
    if (child !== started) return;
    child = undefined;
    if (waiting) reply({ kind: 'crash', cause, stderr });
  };
  started.stderr?.setEncoding('utf8').on('data', text => {
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

/** @param {unknown} message */
function reply(message) {
  waiting = false;
  port.postMessage(message);
  Atomics.add(replies, 0, 1);
  Atomics.notify(replies, 0);
}
