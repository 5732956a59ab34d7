/**
 * Measures memory, disk and time of models of the paper's size, with random weights:
 *
 *     npm run bench:size -- [--models fairseq-dense-1.3B:F32,fairseq-dense-1.3B:F16,fairseq-dense-2.7B:F32] --folder FOLDER
 *                           [--jobs in-context,finetuned] [--queries 16] [--shots 8] [--keep] [--write]
 *
 * Each checkpoint is written into FOLDER in fairseq's format (4 bytes per weight, 2 for F16 and
 * BF16), if it is missing, and removed again without `--keep`. Every job is a separate process,
 * whose memory is watched together with that of its descendants. `--write` puts the rows into the
 * tables of docs/models.md. Jobs that other programs disturb are repeated. Linux only.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheWeights } from '../../src/checkpoint/cache/cache.ts';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { readTensor } from '../../src/checkpoint/sources/read-tensor.ts';
import { elements } from '../../src/model/decoder.ts';
import { readDecoder } from '../../src/model/families/index.ts';
import { physicalCores } from '../../src/runtime/node/cores.ts';
import { undisturbed, type Watched, watchMemory } from '../peak-memory.ts';
import { ARCHITECTURES, type ArchitectureName } from '../random-checkpoint/architectures.ts';
import type { StoredAs } from '../random-checkpoint/random-weights.ts';
import { writeFairseq } from '../random-checkpoint/write-checkpoint.ts';
import { reportTable } from '../report-table.ts';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'fairseq-dense-1.3B:F32,fairseq-dense-1.3B:F16,fairseq-dense-2.7B:F32' },
    folder: { type: 'string' },
    jobs: { type: 'string', default: 'in-context,finetuned' },
    queries: { type: 'string', default: '16' },
    shots: { type: 'string', default: '8' },
    'skip-start': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
if (options.folder === undefined) throw new Error('--folder: name a folder for the checkpoints');
const folder = options.folder;

/** Largest allowed memory, as a share of the weights in float32. */
const JOBS = {
  'in-context': { settings: 'zero-shot,in-context', limit: 1.2 },
  finetuned: { settings: 'finetuned', limit: 1.6 },
} as const;
type Job = keyof typeof JOBS;

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);
const scratch = mkdtempSync(join(tmpdir(), 'dualform-size-'));
// An empty cache: the first start of a checkpoint must not find anything.
process.env.DUALFORM_CACHE = join(scratch, 'cache');

interface Start {
  readonly readySeconds: number;
  readonly first: number;
  readonly further: number;
}

async function start(model: string, { first = false, flags = [] as string[] } = {}): Promise<Start> {
  const script = new URL('./start.ts', import.meta.url).pathname;
  const { stdout } = await undisturbed(() => {
    if (first) rmSync(process.env.DUALFORM_CACHE!, { recursive: true, force: true });
    return watchMemory('npx', ['tsx', script, model, ...flags]);
  });
  return JSON.parse(stdout) as Start;
}

/** The rejected alternative: half precision written once as float32, for all later starts. */
async function unpacking(file: string): Promise<string> {
  const { tensors, config, digest } = await openCheckpoint(file);
  const weights = [...tensors.values()].map(location => ({
    ...location,
    async *pieces() {
      yield await readTensor(location);
    },
  }));
  const before = performance.now();
  const unpacked = await cacheWeights(digest, { config, weights });
  const seconds = (performance.now() - before) / 1000;
  const { size } = statSync(unpacked.file);
  rmSync(unpacked.file);
  return `${seconds.toFixed(0)} s, ${gigabytes(size)} GB`;
}

function run(model: string, job: Job, ...more: readonly string[]): Promise<Watched> {
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const choices = ['--task', 'sst2', '--shots', options.shots, '--limit', options.queries, '--seed', '1'];
  const rate = job === 'finetuned' ? ['--learning-rate', '0.001'] : [];
  const args = [main, 'run', '--model', model, ...choices, '--settings', JOBS[job].settings, ...rate];
  return undisturbed(() => {
    const out = mkdtempSync(join(scratch, 'run-'));
    return watchMemory('node', [...args, '--json', '--quiet', '--out', join(out, 'run'), ...more]);
  });
}

const starts: string[][] = [];
const jobs: string[][] = [];
for (const spec of options.models.split(',')) {
  const [name, dtype] = spec.split(':') as [ArchitectureName, StoredAs];
  const config = ARCHITECTURES[name];
  const model = join(folder, `${name}-${dtype}`);
  const file = join(model, 'model.pt');
  if (!existsSync(file)) await writeFairseq(model, { config, dtype, seed: 1 });
  const weights = 4 * elements(readDecoder(config, name).tensors);
  const label = `${name}, ${dtype}`;
  if (!options['skip-start']) {
    const firstTime = await start(model, { first: true });
    const plain = await start(model);
    const packed = await start(model, { flags: ['--prepack'] });
    starts.push([
      label,
      `${gigabytes(statSync(file).size)} GB`,
      `${firstTime.readySeconds.toFixed(1)} s`,
      `${plain.readySeconds.toFixed(2)} s`,
      `${plain.first.toFixed(0)}, ${plain.further.toFixed(0)}`,
      `${packed.readySeconds.toFixed(1)} s`,
      `${packed.first.toFixed(0)}, ${packed.further.toFixed(0)}`,
      (plain.first / packed.first).toFixed(2),
      dtype === 'F32' ? '' : await unpacking(file),
    ]);
  }
  for (const job of options.jobs.split(',') as Job[]) {
    const estimate = JSON.parse((await run(model, job, '--dry-run')).stdout);
    const { peak, seconds, stdout } = await run(model, job);
    const { timing } = JSON.parse(stdout);
    const perQuery = timing.seconds[job] / Number(options.queries);
    jobs.push([
      label,
      JOBS[job].settings,
      `${gigabytes(peak.total)} GB`,
      `${gigabytes(peak.anonymous)} GB`,
      `${gigabytes(peak.total - peak.anonymous)} GB`,
      `${(peak.total / weights).toFixed(2)}`,
      JOBS[job].limit.toFixed(1),
      `${(estimate.memoryBytes / peak.total).toFixed(2)}`,
      `${seconds.toFixed(0)} s`,
      `${(estimate.total.seconds / seconds).toFixed(2)}`,
      job === 'finetuned' ? `${(timing.seconds.finetuning / Number(options.shots)).toFixed(2)} s` : '',
      `${perQuery.toFixed(2)} s`,
    ]);
  }
  if (!options.keep) rmSync(model, { recursive: true });
}
rmSync(scratch, { recursive: true });

const place = (name: string, keys: number) => (options.write ? { page: 'models.md', name, keys } : undefined);
const threads = `${physicalCores()} threads`;
if (starts.length > 0) {
  reportTable(
    {
      conditions: `Tokens a second are those of a pass over 256 tokens, the first and the best of two more; ${threads}.`,
      head: [
        ...['model', 'disk', 'first start', 'second start', 'tokens a second'],
        ...[
          'prepacked: second start',
          'prepacked: tokens a second',
          'first pass against prepacked',
          'to unpack it once',
        ],
      ],
      rows: starts,
    },
    place('size-start', 1),
  );
}
reportTable(
  {
    conditions: `SST-2, ${options.shots} demonstrations, ${options.queries} queries in batches of 16; ${threads}. Estimates are those of \`--dry-run\` just before.`,
    head: [
      ...[
        'model',
        'settings',
        'peak memory',
        'of it anonymous',
        'of it mapped',
        'of the weights in float32',
        'at most',
      ],
      ...['estimated memory / real', 'time', 'estimated time / real', 'a step', 'a query'],
    ],
    rows: jobs,
  },
  place('size-jobs', 2),
);
