/**
 * Feeds damaged files to every reader:
 *
 *     npm run fuzz -- --minutes 5
 *     npm run fuzz -- --inputs 100000 --seed 3 --format GGUF
 *     npm run fuzz -- --format GGUF --seed 3 --input 17 --save x.gguf
 *
 * An input is a finding when its reader throws anything but a UserError of one line, takes longer
 * than 2 s, lets the process grow past 1 GiB, or accepts a file that another strict reader refuses.
 * Each goes into a folder with its format, seed and index. With --keep FOLDER the files that were
 * taken are written too: `python test/golden/strict.py FOLDER` shows them to the readers of Python.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inputOf, keepInput } from './campaign.ts';
import type { Format } from './format.ts';
import { formats } from './formats/index.ts';
import type { Order, Report } from './worker.ts';

/** Far longer than 50 inputs take: a reader without a report for longer hangs. */
const SILENT_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    inputs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    format: { type: 'string', multiple: true },
    from: { type: 'string', default: '0' },
    findings: { type: 'string', default: 'fuzz-findings' },
    keep: { type: 'string' },
    input: { type: 'string' },
    save: { type: 'string' },
  },
});

const seed = Number(values.seed);
const chosen = values.format === undefined ? formats : formats.filter(({ name }) => values.format!.includes(name));
if (chosen.length === 0) throw new Error(`--format: give one of ${formats.map(({ name }) => name).join(', ')}`);

if (values.input !== undefined) {
  writeFileSync(values.save ?? 'input', inputOf(chosen[0]!, seed, Number(values.input)));
} else {
  const { inputs, minutes } = values;
  // Half a minute per format by default.
  const each = inputs === undefined ? Number.POSITIVE_INFINITY : Math.ceil(Number(inputs) / chosen.length);
  const seconds =
    inputs !== undefined && minutes === undefined
      ? Number.POSITIVE_INFINITY
      : (60 * Number(minutes ?? 0.5 * chosen.length)) / chosen.length;
  let found = 0;
  for (const format of chosen) found += await campaign(format, Number(values.from), each, seconds);
  if (found > 0) process.exitCode = 1;
}

/** @returns the number of findings */
async function campaign(format: Format, from: number, inputs: number, seconds: number): Promise<number> {
  const total = { accepted: 0, refused: 0, findings: 0 };
  const [start, folder] = [performance.now(), mkdtempSync(join(tmpdir(), 'dualform-fuzz-'))];
  const elapsed = () => (performance.now() - start) / 1000;
  const note = (index: number, what: string) => {
    total.findings++;
    const place = keepInput(values.findings, format, seed, index);
    writeFileSync(join(place, 'finding.txt'), `format ${format.name}, seed ${seed}, input ${index}\n${what}\n`);
    process.stdout.write(`  input ${index}: ${what.split('\n')[0]}\n`);
  };
  try {
    for (let next = from; next < from + inputs && elapsed() < seconds; ) {
      const to = Math.min(from + inputs, Number.MAX_SAFE_INTEGER);
      const end = await runWorker(
        { format: format.name, seed, from: next, to, folder, keep: values.keep },
        () => elapsed() < seconds,
        report => {
          next = report.next;
          total.accepted += report.accepted;
          total.refused += report.refused;
          for (const { index, what } of report.findings) note(index, what);
        },
      );
      if (end === undefined) continue;
      // One of the inputs since the last report: they are tried one by one.
      const culprit = await firstThatEnds(format, next, folder);
      if (culprit !== undefined) note(culprit, end);
      next = (culprit ?? next) + 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const done = total.accepted + total.refused + total.findings;
  process.stdout.write(
    `${format.name}: ${done} inputs in ${elapsed().toFixed(0)} s, ${total.accepted} taken, ${total.refused} refused, ${total.findings} findings\n`,
  );
  return total.findings;
}

async function firstThatEnds(format: Format, from: number, folder: string): Promise<number | undefined> {
  for (let index = from; index < from + 50; index++) {
    const order = { format: format.name, seed, from: index, to: index + 1, folder };
    if (
      (await runWorker(
        order,
        () => true,
        () => undefined,
      )) !== undefined
    )
      return index;
  }
  return undefined;
}

/**
 * @returns why the worker ended before its inputs were done; undefined when they were done, or
 * `goOn` returned false
 */
function runWorker(order: Order, goOn: () => boolean, onReport: (report: Report) => void): Promise<string | undefined> {
  const worker: ChildProcess = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx', '--max-old-space-size=1024', '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, DUALFORM_CACHE: join(order.folder, 'cache') },
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  });
  return new Promise(resolve => {
    let reason: string | undefined;
    let silent: NodeJS.Timeout | undefined;
    let done = false;
    const listen = () => {
      clearTimeout(silent);
      silent = setTimeout(() => {
        reason = `hang: nothing heard for ${SILENT_MS / 1000} s`;
        worker.kill('SIGKILL');
      }, SILENT_MS);
    };
    const stop = () => {
      done = true;
      worker.kill('SIGKILL');
    };
    worker.on('message', (report: Report) => {
      if (done) return;
      listen();
      onReport(report);
      if (report.next >= order.to || !goOn()) stop();
    });
    worker.on('exit', (code, signal) => {
      clearTimeout(silent);
      resolve(done ? undefined : (reason ?? `the process ended: ${signal ?? `exit code ${code}`}`));
    });
    worker.send(order);
  });
}
