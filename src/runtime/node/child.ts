/**
 * @file The compute process: holds onnxruntime sessions and tensors, and executes the requests of
 * its parent in order. `session.run` blocks its thread while a graph runs, which the parent must
 * not do.
 */
import type { NodeDevice } from '../../device.ts';
import type { Reply } from '../protocol.ts';
import { serve } from '../serve.ts';
import { openExecutor } from './open-executor.ts';

// Ctrl-C in a terminal signals the whole process group; the parent decides what happens.
process.on('SIGINT', () => {});
// There is nothing to save, and destructors of native code may hang.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

/**
 * Resolves when the operating system has taken the whole message: the next request may block this
 * thread.
 */
function send(reply: Reply): Promise<void> {
  return new Promise(resolve => {
    if (!process.connected) return resolve();
    process.send!(reply, undefined, {}, () => resolve());
  });
}

try {
  const [threads, device] = process.argv.slice(2) as [string, NodeDevice];
  process.on('message', serve(await openExecutor(device, Number(threads)), send));
  await send({ kind: 'ready' });
} catch (error) {
  await send({ kind: 'unusable', message: error instanceof Error ? error.message : String(error) });
}
