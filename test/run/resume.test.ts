import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/hooks.ts';
import { Interrupted } from '../../src/run/interrupted.ts';
import { type RunResult, runExperiment } from '../../src/run/run.ts';
import { digests, RUN_SCRIPT, scratch, shareRuns, tinyRun } from './tiny.ts';

const runShared = shareRuns();

let whole: { readonly folder: string; readonly run: RunResult; readonly digests: ReturnType<typeof digests> };

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-whole-'));
  const run = await runExperiment({ ...tinyRun, out: folder });
  whole = { folder, run, digests: digests(folder) };
  return () => rmSync(folder, { recursive: true });
});

/** Runs in another process and kills it without warning at the first event that `at` picks. */
async function killedRun(out: string, at: (event: Progress) => boolean): Promise<void> {
  const child = spawn(process.execPath, [RUN_SCRIPT, JSON.stringify({ ...tinyRun, out })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<NodeJS.Signals | null>(resolve => child.once('exit', (_, signal) => resolve(signal)));
  for await (const line of createInterface({ input: child.stdout })) {
    if (at(JSON.parse(line) as Progress)) child.kill('SIGKILL');
  }
  expect(await ended).toBe('SIGKILL');
}

const reached = (stage: Progress['stage'], done: number) => (event: Progress) =>
  event.stage === stage && event.done >= done;

describe('a killed run resumes and ends with the same bytes', () => {
  test.each([
    ['while the prefix is made', reached('prefix', 0), 0],
    ['during finetuning', reached('finetuning', 2), 0],
    ['before the first batch', reached('evaluation', 0), 0],
    ['before the result is written', reached('evaluation', 12), 12],
  ] as const)('%s', async (_, at, stored) => {
    const out = join(scratch(), 'run');
    await killedRun(out, at);
    const { found, result } = await runShared({ ...tinyRun, out });
    expect(found).toBeGreaterThanOrEqual(stored);
    expect(result).toEqual(whole.run.result);
    expect(digests(out)).toEqual(whole.digests);
  });

  test('killed again and again', async () => {
    const out = join(scratch(), 'run');
    for (const done of [2, 6, 10]) await killedRun(out, reached('evaluation', done));
    const { found } = await runShared({ ...tinyRun, out });
    expect(found).toBeGreaterThanOrEqual(10);
    expect(digests(out)).toEqual(whole.digests);
  });
});

describe('whatever a crash leaves of the growing files', () => {
  const sizeOf = (name: string) => statSync(join(whole.folder, name)).size;
  // Fractions of the two files that reached the disk: torn lines, a batch in one of them only,
  // nothing at all.
  test.each([
    [0.01, 0],
    [0.4, 0.25],
    [0.25, 0.4],
    [1, 0.5],
    [1, 0.999],
    [1, 1],
  ])('examples cut at %f, metrics at %f', async (examples, metrics) => {
    const out = join(scratch(), 'run');
    cpSync(whole.folder, out, { recursive: true });
    rmSync(join(out, 'result.json'));
    truncateSync(join(out, 'examples.jsonl'), Math.floor(examples * sizeOf('examples.jsonl')));
    truncateSync(join(out, 'metrics.jsonl'), Math.floor(metrics * sizeOf('metrics.jsonl')));
    await runShared({ ...tinyRun, out });
    expect(digests(out)).toEqual(whole.digests);
  });

  test('nothing but the plan', async () => {
    const out = join(scratch(), 'run');
    cpSync(whole.folder, out, { recursive: true });
    for (const name of ['result.json', 'examples.jsonl', 'metrics.jsonl', 'tokens.jsonl', 'provenance.json']) {
      rmSync(join(out, name));
    }
    await runShared({ ...tinyRun, out });
    expect(digests(out)).toEqual(whole.digests);
  });
});

describe('what is damaged in a run folder becomes no number', () => {
  const copy = () => {
    const out = join(scratch(), 'run');
    cpSync(whole.folder, out, { recursive: true });
    return out;
  };
  const edit = (path: string, change: (text: string) => string) => {
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, change(text));
    expect(readFileSync(path, 'utf8')).not.toBe(text);
  };

  test('a result that was changed is refused, and made again where it is removed', async () => {
    const out = copy();
    edit(join(out, 'result.json'), text => text.replace(/"layers": 2/, '"layers": 3'));
    await expect(runShared({ ...tinyRun, out })).rejects.toThrow(/result\.json: is not what the run wrote; remove/);
    rmSync(join(out, 'result.json'));
    await runShared({ ...tinyRun, out });
    expect(digests(out)).toEqual(whole.digests);
  });

  test.each([
    ['examples.jsonl', /"predicted":\d/, '"predicted":9'],
    ['examples.jsonl', /"gold":\d,/, ''],
    ['examples.jsonl', /"logProbabilities":\[[^,]*,/, '"logProbabilities":['],
    ['metrics.jsonl', /"simAOU":\[[^\]]*\]/, '"simAOU":[0.5]'],
    ['metrics.jsonl', '"simAOU"', '"simAOV"'],
    ['metrics.jsonl', /"simAM":\[/, '"simAM":["a",'],
  ])('a line of %s with %s changed is computed again', async (name, from, to) => {
    const out = copy();
    rmSync(join(out, 'result.json'));
    edit(join(out, name), text => {
      const lines = text.split('\n');
      const at = Math.floor(lines.length / 2);
      return lines.with(at, lines[at]!.replace(from, to)).join('\n');
    });
    await runShared({ ...tinyRun, out });
    expect(digests(out)).toEqual(whole.digests);
  });
});

test('each example is there once for every setting', () => {
  const lines = readFileSync(join(whole.folder, 'examples.jsonl'), 'utf8').trimEnd().split('\n');
  const keys = lines.map(line => JSON.parse(line)).map(({ index, setting }) => `${index} ${setting}`);
  expect(new Set(keys).size).toBe(36);
  expect(keys.length).toBe(36);
});

test('a finished run is not computed again', async () => {
  const events: Progress[] = [];
  const again = await runShared({ ...tinyRun, out: whole.folder, onProgress: event => events.push(event) });
  expect(again.found).toBe(12);
  expect(again.result).toEqual(whole.run.result);
  expect(again.timing).toEqual(whole.run.timing);
  expect(events.filter(({ stage }) => stage !== 'load')).toEqual([]);
});

test('a result that lacks what results have today is folded anew from the records, nothing computed', async () => {
  const out = join(scratch(), 'run');
  cpSync(whole.folder, out, { recursive: true });
  const path = join(out, 'result.json');
  const { uncertainty, accuracyIntervals, accuracyTests, ...old } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(old));
  // Earlier versions did not seal their results.
  rmSync(join(out, '.result.sha256'));
  const stages: string[] = [];
  const { result, found, timing } = await runShared({
    ...tinyRun,
    out,
    onProgress: ({ stage }) => stages.push(stage),
  });
  expect(stages.filter(stage => stage !== 'load')).toEqual([]);
  expect(found).toBe(12);
  expect(result).toEqual(whole.run.result);
  expect(timing.seconds.finetuned).toBe(whole.run.timing.seconds.finetuned);
  expect(digests(out)).toEqual(whole.digests);
});

test('a signal stops the run, says how far it is, and the same call resumes', async () => {
  const out = join(scratch(), 'run');
  const controller = new AbortController();
  const stopped = runExperiment({
    ...tinyRun,
    out,
    signal: controller.signal,
    onProgress: event => reached('evaluation', 4)(event) && controller.abort(),
  });
  const error = await stopped.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Interrupted);
  expect((error as Interrupted).folder).toBe(out);
  expect((error as Interrupted).message).toMatch(
    /^interrupted with \d+ of 12 examples stored in .*resumes from there$/,
  );
  await runExperiment({ ...tinyRun, out });
  expect(digests(out)).toEqual(whole.digests);
});

test('a signal that has come already stops it before it begins', async () => {
  const out = join(scratch(), 'run');
  const stopped = runExperiment({ ...tinyRun, out, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow('interrupted before the run began');
});

/** Compute processes of this process, from /proc. */
function computeProcesses(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0)
    .filter(pid => {
      try {
        const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return (
          Number(parent) === process.pid && /runtime.node.child/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        );
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
}

test.skipIf(process.platform !== 'linux')('a crash of the compute process is told, and the work resumes', async () => {
  const out = join(scratch(), 'run');
  const warnings: string[] = [];
  let killed = false;
  const onProgress = (event: Progress) => {
    if (killed || !reached('evaluation', 4)(event)) return;
    killed = true;
    for (const pid of computeProcesses()) process.kill(pid, 'SIGKILL');
  };
  await runExperiment({ ...tinyRun, out, onProgress, onWarning: warning => warnings.push(warning) });
  expect(warnings).toEqual([expect.stringMatching(/SIGKILL.* trying once more/)]);
  expect(digests(out)).toEqual(whole.digests);
});

test('records of other numbers are refused and kept', async () => {
  const out = join(scratch(), 'run');
  cpSync(whole.folder, out, { recursive: true });
  rmSync(join(out, 'result.json'));
  const file = join(out, 'metrics.jsonl');
  const text = readFileSync(file, 'utf8');
  const lines = text.trimEnd().split('\n');
  const last = JSON.parse(lines.at(-1)!);
  last.simAOU[0] += 1e-9;
  const changed = `${[...lines.slice(0, -1), JSON.stringify(last)].join('\n')}\n`;
  writeFileSync(file, changed);
  await expect(runShared({ ...tinyRun, out })).rejects.toThrow(/was begun with other rounding.*`threads`/);
  expect(readFileSync(file, 'utf8')).toBe(changed);
});

test('a run that was begun on another device is refused and kept', async () => {
  const out = join(scratch(), 'run');
  cpSync(whole.folder, out, { recursive: true });
  rmSync(join(out, 'result.json'));
  const file = join(out, 'provenance.json');
  const { timing, provenance } = JSON.parse(readFileSync(file, 'utf8'));
  expect(provenance.device).toBe('cpu');
  const elsewhere = JSON.stringify({ timing, provenance: { ...provenance, device: 'webgpu' } });
  writeFileSync(file, elsewhere);
  await expect(runShared({ ...tinyRun, out, device: 'cpu' })).rejects.toThrow(
    /^device cpu: .*was begun on webgpu, which rounds otherwise; resume it with `device` webgpu/,
  );
  expect(readFileSync(file, 'utf8')).toBe(elsewhere);
});

test('times and tokens of all calls add up', async () => {
  const { seconds, tokens, peakMemoryBytes } = whole.run.timing;
  expect(Object.keys(seconds)).toEqual(Object.keys(tokens));
  expect(Object.keys(seconds)).toEqual([
    'load',
    'prefix',
    'zero-shot',
    'in-context',
    'finetuning',
    'steadiness',
    'finetuned',
    'metrics',
  ]);
  expect(tokens['zero-shot']).toBe(tokens['in-context']);
  expect(peakMemoryBytes).toBeGreaterThan(50e6);
  for (const each of Object.values(seconds)) expect(each).toBeGreaterThan(0);
});
