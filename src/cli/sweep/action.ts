import { relative, resolve } from 'node:path';
import { csvLines, rowsOf, tabulate } from '../../cell/cell-table.ts';
import { requireMemory } from '../../cell/memory-of-cells.ts';
import { parquetOf } from '../../cell/parquet-table.ts';
import { processes } from '../../cell/processes.ts';
import { throughQueue } from '../../cell/queue/queue-executor.ts';
import { readShard } from '../../cell/shard.ts';
import { runSweep, type SweepStatus, sweepStatus } from '../../cell/sweep.ts';
import { sweepCost } from '../../cell/sweep-cost.ts';
import { cellLines, openSweepFolder } from '../../cell/sweep-folder.ts';
import { readSweep, type Sweep, sweepJsonSchema } from '../../cell/sweep-plan.ts';
import { UserError } from '../../error.ts';
import { writeAtomically, writeInPieces } from '../../files/atomic-file.ts';
import type { Json } from '../../files/canonical-json.ts';
import { decodeText } from '../../files/decode-text.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { parseShallowJson } from '../../files/shallow-json.ts';
import { memoryOfMachine } from '../../run/estimate/machine-memory.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import { allKinds, cellKinds, cellProcess } from '../../study/sweep/cell-kinds.ts';
import { threadsOf } from '../../study/sweep/in-processes.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { readInput } from '../terminal/read-file.ts';
import { kubernetesJob, slurmScript } from './cluster.ts';
import type { SweepCommandOptions } from './options.ts';
import { formatCost, formatMeans, formatStatus } from './view.ts';

type Options = SweepCommandOptions & JobOptions & { readonly jobs: number };

export async function perform({ options, argument }: Given<Options>, io: Io): Promise<void> {
  const { status, table, schema } = options;
  if (schema) {
    const document = sweepJsonSchema(cellKinds);
    return io.answer(document, () => prettyJson(document).trimEnd());
  }
  if (status !== undefined) {
    const found = await sweepStatus(status, cellKinds);
    return io.answer(found, () => formatStatus(found));
  }
  if (table !== undefined) return showTable(table, options, io);
  if (argument === undefined) {
    throw new UserError('a plan is required', { option: 'plan', remedy: 'give a JSON file; see `schema`' });
  }
  const sweep = readSweep(argument, await readPlan(argument), cellKinds);
  if (options.dryRun) {
    const cost = await sweepCost(sweep, { ...hooksOf(io), measure: true });
    return io.answer(cost, () => formatCost(cost, options.jobs));
  }
  const { slurm, kubernetes } = options;
  if (slurm === undefined && kubernetes === undefined) return compute(sweep, options, io);
  await writeScripts(sweep, { ...options, plan: argument, slurm, kubernetes }, io);
}

async function writeScripts(
  sweep: Sweep,
  { plan, out, jobs, slurm, kubernetes }: Options & { readonly plan: string },
  io: Io,
): Promise<void> {
  if (out === undefined) throw new UserError('is required', { option: 'out' });
  const cost = await sweepCost(sweep, { ...hooksOf(io), measure: true });
  const job = { plan, out, jobs, threads: io.threads ?? physicalCores(), cost };
  if (slurm !== undefined) await write(slurm, Buffer.from(slurmScript(job)));
  if (kubernetes !== undefined) await write(kubernetes, Buffer.from(prettyJson(kubernetesJob(job))));
  const files = [slurm, kubernetes].filter(file => file !== undefined);
  io.answer({ ...cost, files }, () => `${formatCost(cost, jobs)}\n\nWrote ${files.join(' and ')}.`);
}

async function readPlan(file: string): Promise<Json> {
  const text = decodeText(file, await readInput(file));
  try {
    return parseShallowJson(text) as Json;
  } catch (cause) {
    throw new UserError(`${file}: not JSON (${(cause as Error).message})`, { option: 'plan', cause });
  }
}

async function compute(sweep: Sweep, { out, jobs, shard, queue, retryFailed }: Options, io: Io): Promise<void> {
  if (out === undefined) throw new UserError('is required', { option: 'out' });
  const share = shard === undefined ? undefined : readShard(shard);
  const { signal, device, offline } = io;
  if (queue !== undefined && jobs > 1) {
    throw new UserError('excludes `queue`', { option: 'jobs', value: jobs, remedy: 'start more workers' });
  }
  if (jobs > 1) {
    const { memoryBytes } = await sweepCost(sweep, { ...hooksOf(io), measure: false });
    requireMemory(jobs, memoryBytes, memoryOfMachine());
  }
  const executor =
    queue === undefined
      ? processes({ child: cellProcess, jobs, threads: threadsOf(jobs, io.threads), device, offline })
      : throughQueue({ url: queue, kinds: allKinds, offline });
  let finished: SweepStatus;
  try {
    finished = await runSweep(sweep, { ...hooksOf(io), out, executor, shard: share, retryFailed });
  } catch (cause) {
    if (!signal.aborted) throw cause;
    const { cells, left, parts } = await sweepStatus(out, cellKinds);
    const arms = parts === null ? '' : ` and ${parts.done} of ${parts.total} ${parts.name} stored`;
    throw new Interrupted(
      `interrupted with ${cells - left} of ${cells} cells finished${arms} in ${relative('.', resolve(out)) || out}; ` +
        'the same command resumes from there',
      { folder: resolve(out), cause },
    );
  }
  io.answer(finished, () => formatStatus(finished));
  if (finished.failed.length > 0) process.exitCode = 1;
  else if (finished.left > 0) process.exitCode = 3;
}

async function showTable(folder: string, { csv, parquet }: Options, io: Io): Promise<void> {
  const sweep = await openSweepFolder(folder, cellKinds);
  const { figures } = sweep.kind;
  const { table, means } = await tabulate(
    cellLines(folder, sweep),
    figures.map(({ path }) => path),
  );
  if (csv !== undefined) await writeAtomically(csv, 0, handle => writeInPieces(handle, csvLines(table)));
  if (parquet !== undefined) await write(parquet, parquetOf(table));
  const { columns, rowCount } = table;
  const answer = {
    ...{ schema: 'dualform.sweep-table/1', folder: resolve(folder), columns },
    // Read for JSON alone.
    get rows() {
      return [...rowsOf(table)];
    },
    means,
  };
  io.answer(answer, () => formatMeans(means, figures, { cells: sweep.cells.length, finished: rowCount }));
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  await writeAtomically(file, bytes.length, handle => handle.writeFile(bytes));
}
