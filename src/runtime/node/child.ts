/**
 * @file The compute process: holds the onnxruntime sessions and the tensors beside them, and carries out the orders of
 * its parent one after the other. `session.run` blocks this thread for as long as a graph takes; that is why it is a
 * process of its own.
 */
import { UserError } from '../../error.ts';
import { NonFiniteError } from '../errors.ts';
import type { Failure, Reply, Request } from '../protocol.ts';

// Ctrl-C in a terminal reaches the whole group of processes; what it means is for the parent to decide.
process.on('SIGINT', () => {});
// Nothing here is worth saving, and the destructors of native code are better not run.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

/** Resolves when the operating system has taken the whole message: the next order may block this thread. */
function send(reply: Reply): Promise<void> {
  return new Promise(resolve => {
    if (!process.connected) return resolve();
    process.send!(reply, undefined, {}, () => resolve());
  });
}

function failureOf(error: unknown, doing: string): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NonFiniteError) {
    return { kind: 'non-finite', message: `${message} (while ${doing})`, session: error.session, tensor: error.tensor };
  }
  if (error instanceof UserError) return { kind: 'user', message };
  return { kind: 'bug', message: `while ${doing}: ${message}` };
}

try {
  // Imported late: a system on which onnxruntime does not load gets a message and not a crash.
  const { createExecutor } = await import('../executor.ts');
  const workshop = createExecutor({ threads: Number(process.argv[2]) });
  let queue = Promise.resolve();
  process.on('message', (request: Request) => {
    queue = queue.then(async () => {
      let reply: Reply;
      try {
        reply = { kind: 'answer', id: request.id, answer: await workshop(request.order) };
      } catch (error) {
        reply = { kind: 'failure', id: request.id, failure: failureOf(error, request.doing) };
      }
      await send(reply);
    });
  });
  await send({ kind: 'ready' });
} catch (error) {
  await send({ kind: 'unusable', message: error instanceof Error ? error.message : String(error) });
}
