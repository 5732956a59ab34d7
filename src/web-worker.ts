/** @file The worker of `dualform/web`. */
import { serveWorker } from './runtime/web/serve-worker.ts';

serveWorker(async (name, packed) => {
  // Only weights of GGUF files need it.
  const { unpackGguf } = await import('./checkpoint/web/unpack-gguf.ts');
  return unpackGguf(name, packed);
});
