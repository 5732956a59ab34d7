/**
 * Measures how long the embedded model takes until it is ready on a second start, in the ways that
 * docs/speed.md compares, one after the other in each round:
 *
 *     npm run bench:ready -- [--rounds 10] [--write]
 *
 * It starts the built package, as users do: source would start its compute process through tsx.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { reportTable } from './report-table.ts';

const built = <T>(path: string) => import(new URL(`../dist/${path}.js`, import.meta.url).href) as Promise<T>;
const { openCheckpoint } = await built<typeof import('../src/checkpoint/open.ts')>('checkpoint/open');
const { openTokenizer } = await built<typeof import('../src/tokenizer/tokenizer.ts')>('tokenizer/tokenizer');
const { openRuntime } = await built<typeof import('../src/runtime/node/open-runtime.ts')>('runtime/node/open-runtime');
const { loadModel } = await built<typeof import('../src/model/loaded-model.ts')>('model/loaded-model');
const { observationGraph } = await built<typeof import('../src/observe/observe.ts')>('observe/observe');
const { cacheDirectory } = await built<typeof import('../src/files/cache-directory.ts')>('files/cache-directory');

interface Way {
  /** Whether the compute process starts before header and tokenizer are read. */
  readonly beside: boolean;
  /** Whether the optimised graph is kept from an earlier start. */
  readonly kept: boolean;
}

/** Seconds of the wall clock and of processors, of this process and the compute process. */
interface Start {
  readonly seconds: number;
  readonly processor: number;
}

/** Checkpoint, tokenizer, runtime, weights and a session. The runtime is closed. */
export async function start({ beside, kept }: Way): Promise<Start> {
  if (!kept) rmSync(join(cacheDirectory(), 'graphs'), { recursive: true, force: true });
  const before = process.cpuUsage();
  const began = performance.now();
  const early = beside ? openRuntime() : undefined;
  const checkpoint = await openCheckpoint('smollm2-135m-instruct');
  await openTokenizer(checkpoint.tokenizer!);
  const runtime = await (early ?? openRuntime());
  const model = await loadModel(checkpoint, runtime);
  await model.session(observationGraph);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const processor = (user + system) / 1e6 + processorSeconds(runtime.pid);
  await runtime.close();
  return { seconds, processor };
}

/** Of a process so far; Linux only, else NaN. */
export function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const { values: options } = parseArgs({
    options: { rounds: { type: 'string', default: '10' }, write: { type: 'boolean', default: false } },
  });
  const ways: readonly (Way & { readonly name: string })[] = [
    { name: 'one after the other, graph optimised anew and kept', beside: false, kept: false },
    { name: 'one after the other, kept graph', beside: false, kept: true },
    { name: 'compute process beside header and tokenizer, kept graph', beside: true, kept: true },
  ];
  await start(ways[1]!);
  const starts = ways.map((): Start[] => []);
  for (let i = 0; i < Number(options.rounds); i++) {
    for (const [w, way] of ways.entries()) starts[w]!.push(await start(way));
  }
  reportTable(
    {
      conditions: `Medians of ${options.rounds} starts of each way, taken in turns; processor time without the process of the tokenizer.`,
      head: ['from a file to a model that is ready', 'seconds', 'processor seconds'],
      rows: ways.map(({ name }, w) => [
        name,
        median(starts[w]!.map(each => each.seconds)).toFixed(2),
        median(starts[w]!.map(each => each.processor)).toFixed(2),
      ]),
    },
    options.write ? { page: 'speed.md', name: 'bench:ready' } : undefined,
  );
}
