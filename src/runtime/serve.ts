import { UserError } from '../error.ts';
import { NonFiniteError } from './errors.ts';
import type { Executor } from './executor.ts';
import type { Call, Failure, Reply } from './protocol.ts';

/** Answers calls in order, one at a time. */
export function serve(execute: Executor, send: (reply: Reply) => Promise<void>): (call: Call) => void {
  let queue = Promise.resolve();
  return ({ id, doing, request }) => {
    queue = queue.then(async () => {
      let reply: Reply;
      try {
        reply = { kind: 'answer', id, answer: await execute(request) };
      } catch (error) {
        reply = { kind: 'failure', id, failure: failureOf(error, doing) };
      }
      await send(reply);
    });
  };
}

function failureOf(error: unknown, doing: string): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NonFiniteError) {
    return { kind: 'non-finite', message: `${message} (while ${doing})`, session: error.session, tensor: error.tensor };
  }
  if (error instanceof UserError) return { kind: 'user', message };
  return { kind: 'bug', message: `while ${doing}: ${message}` };
}
