/** @file In the page: passes calls from the tests to workers, and their replies back. */
import type { Reply } from '../../src/runtime/protocol.ts';
import type { WorkerLike } from '../../src/runtime/web/connect-worker.ts';
import { decode, encode } from './codec.ts';
import type { FromPage, ToPage } from './messages.ts';

const { Worker } = globalThis as unknown as { Worker: new (url: string, options: object) => WorkerLike };
const workers = new Map<number, WorkerLike>();
let sending = Promise.resolve();

function post(message: FromPage): void {
  // One after the other: the tests see replies in their order.
  sending = sending.then(async () => {
    await fetch('/replies', { method: 'POST', body: encode(message) });
  });
}

function take(message: ToPage): void {
  const { connection } = message;
  switch (message.kind) {
    case 'start': {
      const worker = new Worker('/web-worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => post({ kind: 'reply', connection, reply: data as Reply });
      worker.onerror = event => post({ kind: 'crash', connection, message: event.message ?? '' });
      worker.postMessage(message.options);
      workers.set(connection, worker);
      return;
    }
    case 'call':
      workers.get(connection)?.postMessage(message.call);
      return;
    case 'close':
      workers.get(connection)?.terminate();
      workers.delete(connection);
  }
}

for (;;) {
  const response = await fetch('/calls');
  if (response.status !== 200) break;
  take(decode(await response.arrayBuffer()) as ToPage);
}
