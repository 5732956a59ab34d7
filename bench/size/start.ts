/**
 * Starts a model in its own process and prints the time until it is ready, and the speed of its
 * first and further passes.
 *
 *     tsx bench/size/start.ts MODEL [--prepack]
 */
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { computePrefix, prefixGraph, releasePrefix } from '../../src/model/prefix.ts';
import { openRuntime } from '../../src/runtime/node/open-runtime.ts';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';

const [model, ...flags] = process.argv.slice(2);
const TOKENS = 256;
const FURTHER = 2;

const checkpoint = await openCheckpoint(model!);
await openTokenizer(checkpoint.tokenizer!);
const runtime = await openRuntime();
const prepack = flags.includes('--prepack');
const opening: typeof runtime = { ...runtime, openSession: request => runtime.openSession({ ...request, prepack }) };
const loaded = await loadModel(checkpoint, opening);
await loaded.session(prefixGraph);
// From the start of the process, Node and the TypeScript loader included.
const readySeconds = performance.now() / 1000;

const tokens = Array.from({ length: TOKENS }, (_, i) => (i * 7919) % loaded.decoder.vocabulary);
async function tokensPerSecond(): Promise<number> {
  const start = performance.now();
  const memory = await computePrefix(loaded, tokens, loaded.pretrained);
  const seconds = (performance.now() - start) / 1000;
  await releasePrefix(loaded, memory);
  return TOKENS / seconds;
}
const first = await tokensPerSecond();
let further = 0;
for (let i = 0; i < FURTHER; i++) further = Math.max(further, await tokensPerSecond());
await runtime.close();
process.stdout.write(JSON.stringify({ readySeconds, first, further }));
