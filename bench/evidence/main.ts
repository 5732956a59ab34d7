/**
 * Measures what an evidence study costs: wall time, how much of it is forward passes and steps, peak
 * memory, how far the estimate of `--dry-run` is off, and the fold of a `standard` study. Needs a
 * build.
 *
 *     npm run bench:evidence -- [--preset NAME] [--out FOLDER] [--shard i/n] [--fold FOLDER] [--only run|fold] [--write]
 *
 * Forward passes and steps are the time inside onnxruntime's `session.run`, as the compute process
 * measures it. Everything else is the rest of the wall time: start and plan, opening sessions,
 * looking for NaN, transfers, metrics, storing, fold.
 *
 * With `--shard`, only those arms of the preset are computed and estimated. `--out` keeps the study.
 * `--fold` takes the stored arms of a study, and writes the same result again. Without it,
 * `standard` is folded over random numbers. `--write` puts the table into docs/speed.md, that of
 * `standard` below that of `quick`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { StudyCost } from '../../src/study/evidence/cost.ts';
import { watchMemory } from '../peak-memory.ts';
import { reportTable } from '../report-table.ts';
import { comparedParts } from './compared-parts.ts';

const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'quick' },
    out: { type: 'string' },
    shard: { type: 'string', default: '1/1' },
    fold: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const command = place('../../bin/dualform.js');
const scratch = mkdtempSync(join(tmpdir(), 'dualform-bench-evidence-'));
const rows: (readonly string[])[] = [];
const seconds = (value: number) => `${value.toFixed(1)} s`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const signed = (share: number) => `${share > 0 ? '+' : ''}${percent(share)}`;
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
let others = 0;
/** What the presets may take from start to result. */
const LONGEST: Readonly<Record<string, string>> = { quick: '180 s', standard: '3900 s' };

async function measureRun(): Promise<void> {
  const { preset, shard } = values;
  const [index, count] = shard.split('/').map(Number) as [number, number];
  const dryRun = ['evidence', '--preset', preset, '--shard', shard, '--dry-run', '--json'];
  const cost = JSON.parse(execFileSync(process.execPath, [command, ...dryRun], { encoding: 'utf8' })) as StudyCost;

  const out = values.out === undefined ? join(scratch, 'study') : resolve(values.out);
  const options = { preset, out, shard: { index, count } };
  const script = `
    const { runEvidence } = await import(${JSON.stringify(place('../../dist/study/evidence/run-study.js'))});
    const { arms, timing } = await runEvidence(${JSON.stringify(options)});
    console.log(JSON.stringify({ ...arms, missing: arms.missing.length, timing }));`;
  const watched = await watchMemory(process.execPath, ['--input-type=module', '-e', script]);
  others = Math.max(others, watched.others);
  const { graphSeconds, missing } = JSON.parse(watched.stdout) as { graphSeconds: number; missing: number };

  const parts = comparedParts(cost, out);
  const what = missing === 0 ? preset : `${preset}, part ${shard}`;
  const rest = watched.seconds - graphSeconds;
  rows.push(
    [`${what}: from start to result`, seconds(watched.seconds), missing === 0 ? (LONGEST[preset] ?? '') : ''],
    ['forward passes and steps', seconds(graphSeconds), ''],
    ['everything else', `${seconds(rest)}, ${percent(rest / watched.seconds)}`, '10 %'],
    ['peak memory of all processes, each page once', gigabytes(watched.peakDistinct), '2.5 GB'],
    ['the same with mapped weights once a session', gigabytes(watched.peak.total), ''],
    ['of it not mapped from files', gigabytes(watched.peak.anonymous), ''],
    ['memory by `--dry-run`', gigabytes(cost.memoryBytes), ''],
    ['time by `--dry-run`', `${seconds(cost.seconds!)}, ${signed(cost.seconds! / watched.seconds - 1)}`, 'within 25 %'],
  );
  reportTable({
    conditions: `Seconds of the arms of ${what}, by part:`,
    head: ['task', 'part', 'arms', 'by `--dry-run`', 'measured', 'off'],
    rows: parts.map(({ task, part, arms, estimated, measured }) => [
      task,
      part,
      String(arms),
      seconds(estimated),
      seconds(measured),
      signed(estimated / measured - 1),
    ]),
  });
}

async function measureFold(): Promise<void> {
  const { fold } = values;
  const watched = await watchMemory(
    process.execPath,
    fold === undefined ? ['--import', 'tsx', place('fold.ts')] : [command, 'evidence', '--fold', fold, '--json'],
  );
  others = Math.max(others, watched.others);
  const what = fold === undefined ? 'fold of `standard`, random numbers drawn meanwhile' : 'fold of stored arms';
  rows.push(
    [`${what}: from start to result`, seconds(watched.seconds), '20 s'],
    ['its peak memory', gigabytes(watched.peak.total), '2.5 GB'],
  );
}

try {
  if (values.only !== 'fold') await measureRun();
  if (values.only !== 'run') await measureFold();
} finally {
  rmSync(scratch, { recursive: true });
}
reportTable(
  {
    conditions: `SmolLM2-135M-Instruct. Other programs used up to ${others.toFixed(2)} processors meanwhile.`,
    head: ['what', 'measured', 'must reach'],
    rows,
  },
  values.write
    ? { page: 'speed.md', name: `bench:evidence${values.preset === 'standard' ? ' standard' : ''}` }
    : undefined,
);
