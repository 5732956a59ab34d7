import type { Call, Reply } from '../protocol.ts';
import { serve } from '../serve.ts';
import { openExecutor, type Unpack, type WebEngineOptions } from './open-executor.ts';

interface Scope {
  postMessage(message: Reply): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}

/** Makes this worker hold onnxruntime's sessions and tensors: the first message starts it, the others are calls. */
export function serveWorker(unpack: Unpack): void {
  const scope = globalThis as unknown as Scope;
  const send = async (reply: Reply) => scope.postMessage(reply);
  async function start(options: WebEngineOptions): Promise<void> {
    try {
      const receive = serve(await openExecutor(options, unpack), send);
      scope.onmessage = ({ data }) => receive(data as Call);
      await send({ kind: 'ready' });
    } catch (error) {
      await send({ kind: 'unusable', message: error instanceof Error ? error.message : String(error) });
    }
  }
  scope.onmessage = ({ data }) => void start(data as WebEngineOptions);
}
