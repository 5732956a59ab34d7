import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Interrupted } from '../../src/run/interrupted.ts';
import { estimateMomentum } from '../../src/study/momentum/estimate.ts';
import { cellsOf, nameOf, taskNames } from '../../src/study/momentum/plan.ts';
import { type MomentumOptions, type MomentumRun, runMomentum } from '../../src/study/momentum/run.ts';
import { inProcesses } from '../../src/study/sweep/in-processes.ts';

const scratch = mkdtempSync(join(tmpdir(), 'dualform-momentum-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const text = join(scratch, 'text.txt');
const lines = Array.from({ length: 400 }, (_, i) => `line ${i} of a text with ${i % 7} and ${(i * i) % 11} in it\n`);
writeFileSync(text, lines.join(''));
const letters = fileURLToPath(new URL('../fixtures/tiny-tasks/letters.jsonl', import.meta.url));

/** All tasks, two seeds, plain attention and two momenta, a handful of steps: thirty models. */
const tiny: MomentumOptions = {
  ...{ etas: [0.5, 'learned'], seeds: [1, 2], steps: 4, batch: 4, tests: 6 },
  ...{ layers: 1, heads: 2, hiddenSize: 8, threads: 2 },
  ...{ corpus: [text], vocabulary: 260, context: 96, evaluationTokens: 300, classify: [letters], shots: 2, rows: 6 },
  ...{ examples: 3, pairs: 3, queries: 2, length: 8 },
};

/** SHA-256 of every file but provenance.json. */
function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name !== 'provenance.json')
    .map(entry => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files
      .sort()
      .map(file => [file.slice(folder.length + 1), createHash('sha256').update(readFileSync(file)).digest('hex')]),
  );
}

let whole: MomentumRun;
beforeAll(async () => {
  whole = await runMomentum({ ...tiny, out: join(scratch, 'whole') });
});

const cellFiles = (folder: string) => readdirSync(join(folder, 'cells'));

test('reports warnings about the rows of a task', async () => {
  const rows = ['ab', 'cd', 'ef', 'gh', 'ij', 'kl'].map(text => JSON.stringify({ text, label: 0 }));
  writeFileSync(join(scratch, 'odd.jsonl'), rows.join('\n'));
  writeFileSync(
    join(scratch, 'odd.task.json'),
    JSON.stringify({ template: '{text} is', labels: ['a', 'b'], shots: 2 }),
  );
  const warnings: string[] = [];
  const stop = new AbortController();
  const stopped = runMomentum({
    ...{ ...tiny, tasks: ['language'], classify: [join(scratch, 'odd.jsonl')], rows: 2, out: join(scratch, 'odd') },
    signal: stop.signal,
    onProgress: ({ stage }) => {
      if (stage === 'training') stop.abort();
    },
    onWarning: warning => warnings.push(warning),
  });
  await expect(stopped).rejects.toThrow(Interrupted);
  expect(warnings).toContain('task odd: no evaluation row has the label "b"');
});

describe('a study', () => {
  test('trains every task with every eta and seed, and keeps plan, cells, result and figures', () => {
    expect(whole.cells).toBe(5 * 3 * 2);
    expect(cellFiles(whole.folder).length).toBe(30);
    const files = readdirSync(whole.folder);
    expect(files).toEqual(expect.arrayContaining(['plan.json', 'result.json', 'provenance.json']));
    expect(files.filter(name => name.endsWith('.svg')).length).toBe(10);
    expect(files.filter(name => name.endsWith('.part'))).toEqual([]);
  });

  test('has the tables of the paper and of the tasks, all numbers finite', () => {
    const { tables, etas, diverged } = whole.result;
    expect(etas).toEqual([0, 0.5, 'learned']);
    expect(diverged).toEqual([]);
    expect(tables.map(({ name, columns }) => [name, columns.length])).toEqual([
      ['perplexity', 5],
      ['in-context', 5],
      ['classification', 1],
      ['training', 5],
    ]);
    for (const { rows, columns } of tables) {
      for (const { eta, entries } of rows) {
        expect(entries.length).toBe(columns.length);
        for (const { mean, values, difference } of entries) {
          expect([mean, ...values].every(Number.isFinite)).toBe(true);
          expect(difference === undefined).toBe(eta === 0);
        }
      }
    }
    expect(tables[0]!.columns.map(({ title }) => title)).toEqual([
      'training, 96 tokens',
      'validation, 24',
      'validation, 48',
      'validation, 72',
      'validation, 96',
    ]);
  });

  test('pairs models by seed: at an eta of nearly nothing a model is the plain one of its seed, and no other', async () => {
    const out = join(scratch, 'nearly-plain');
    const { result } = await runMomentum({ ...tiny, tasks: ['linear-regression', 'markov-chain'], etas: [1e-9], out });
    for (const { rows } of result.tables) {
      const [plain, momentum] = rows.map(({ entries }) => entries.map(({ values }) => values as number[]));
      for (const [i, values] of momentum!.entries()) {
        expect(values).toBeAllClose(plain![i]!, 1e-6);
        expect(Math.abs(values[0]! - values[1]!)).toBeGreaterThan(1e-5);
      }
    }
  });

  test('has the learned etas, head by head', () => {
    const [first] = whole.result.learned;
    expect(first!.eta.map(heads => heads.length)).toEqual([2]);
    // They begin at sigmoid(-2) = 0.12.
    for (const eta of first!.eta.flat()) expect(Math.abs(eta - 0.12)).toBeLessThan(0.02);
  });

  test('gives the same bytes whether one model is trained at a time or two', async () => {
    const out = join(scratch, 'one-by-one');
    await runMomentum({ ...tiny, tasks: ['markov-chain', 'language'], etas: ['learned'], threads: 1, out });
    expect(cellFiles(out).length).toBe(8);
    for (const name of cellFiles(out)) {
      expect(readFileSync(join(out, 'cells', name), 'utf8'), name).toBe(
        readFileSync(join(whole.folder, 'cells', name), 'utf8'),
      );
    }
  });

  test('gives the same bytes when processes of their own train what is missing', async () => {
    const out = join(scratch, 'in-processes');
    cpSync(whole.folder, out, { recursive: true });
    rmSync(join(out, 'result.json'));
    const [first, , , ...others] = cellFiles(out);
    for (const name of [first!, others.at(-1)!]) rmSync(join(out, 'cells', name));
    const { found, timing } = await runMomentum({ ...tiny, out, executor: inProcesses(2) });
    expect(found).toBe(28);
    expect(timing.tokens['markov-chain']).toBeGreaterThan(whole.timing.tokens['markov-chain']);
    expect(digests(out)).toEqual(digests(whole.folder));
    expect(readdirSync(out)).not.toContain('.work');
  });

  test('is refused with more processes than fit the memory', async () => {
    const refused = runMomentum({ ...tiny, out: join(scratch, 'too-many'), executor: inProcesses(1e6) });
    await expect(refused).rejects.toThrow(/jobs 1000000: a cell needs up to 0\.\d GB.* would fit/);
  });

  test('that is finished is not computed again', async () => {
    const events: unknown[] = [];
    const onProgress = (event: { readonly stage: string }) => event.stage === 'training' && events.push(event);
    const again = await runMomentum({ ...tiny, out: whole.folder, onProgress });
    expect(again.found).toBe(30);
    expect(again.result).toEqual(JSON.parse(JSON.stringify(whole.result)));
    expect(events).toEqual([]);
  });
});

describe('a study that was stopped', () => {
  const some: MomentumOptions = { ...tiny, tasks: ['associative-recall', 'markov-chain'], etas: [0.5], steps: 8 };
  let expected: Record<string, string>;
  beforeAll(async () => {
    const out = join(scratch, 'some');
    await runMomentum({ ...some, out });
    expected = digests(out);
  });

  test('by a kill resumes and ends with the same bytes', async () => {
    const out = join(scratch, 'killed');
    const script = fileURLToPath(new URL('../fixtures/run-momentum.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify({ ...some, out })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise(resolve => child.once('exit', (_, signal) => resolve(signal)));
    for await (const line of createInterface({ input: child.stdout })) {
      if (JSON.parse(line).done >= 18) child.kill('SIGKILL');
    }
    expect(await ended).toBe('SIGKILL');
    const { found, cells } = await runMomentum({ ...some, out });
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(cells);
    expect(digests(out)).toEqual(expected);
  });

  test('by its signal says how far it is, and resumes to the same bytes', async () => {
    const out = join(scratch, 'stopped');
    const controller = new AbortController();
    const onProgress = ({ done }: { readonly done: number }) => done >= 18 && controller.abort();
    const error = await runMomentum({ ...some, out, signal: controller.signal, onProgress }).catch(caught => caught);
    expect(error).toBeInstanceOf(Interrupted);
    expect(error.message).toMatch(
      /^interrupted with \d+ of 8 models trained, kept in .*; the same command resumes from there$/,
    );
    await runMomentum({ ...some, out });
    expect(digests(out)).toEqual(expected);
  });

  test('before it began has written nothing', async () => {
    const out = join(scratch, 'never');
    const refused = runMomentum({ ...some, out, signal: AbortSignal.abort() });
    await expect(refused).rejects.toThrow('interrupted before the study began');
    expect(readdirSync(scratch)).not.toContain('never');
  });
});

test('a model that diverges is left out, and named', async () => {
  const out = join(scratch, 'diverged');
  const { result } = await runMomentum({ ...tiny, tasks: ['markov-chain'], learningRate: 1e37, steps: 6, out });
  expect(result.diverged.length).toBe(6);
  expect(result.diverged[0]).toMatch(/^markov-chain-eta-0-seed-1: .*(NaN|infin)/i);
  expect(result.tables.find(({ name }) => name === 'in-context')!.rows[1]!.entries[0]).toEqual({
    mean: null,
    low: null,
    high: null,
    values: [null, null],
    why: 'fewer than two seeds have a number',
  });
});

describe('bad input', () => {
  const refusal = (wishes: MomentumOptions) =>
    runMomentum({ ...tiny, out: join(scratch, 'refused'), ...wishes }).then(
      () => 'accepted',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  const short = join(scratch, 'short.txt');
  writeFileSync(short, 'a few words');

  test.each<[MomentumOptions, string]>([
    [{ etas: [1] }, 'etas 1: must be a number from 0 to below 1'],
    [{ etas: [-0.1] }, 'etas -0.1: must be a number from 0 to below 1'],
    [{ etas: [0] }, 'etas: needs at least one above 0; plain attention, 0, is in every study'],
    [{ seeds: [3] }, 'seeds 3: intervals need at least two different seeds'],
    [{ seeds: [3, 3] }, 'seeds 3,3: intervals need at least two different seeds'],
    [{ tasks: ['markov' as 'markov-chain'] }, 'tasks markov: unknown name'],
    [{ heads: 3 }, 'heads 3: must divide `hiddenSize` 8'],
    [{ pairs: 100, keys: 10 }, 'pairs 100: `keys` 10 makes 10 different keys only'],
    [{ pairs: 10, symbols: 3, tasks: ['key-value-lookup'] }, 'pairs 10: `symbols` 3 makes 9 different keys only'],
    [{ context: 30 }, 'context 30: '],
    [{ corpus: [short] }, 'the corpus short.txt: '],
    [{ corpus: [join(scratch, 'nowhere.txt')] }, 'nowhere.txt'],
    [{ context: 512 }, 'evaluationTokens 300: perplexities at four lengths need at least 1536 tokens'],
    [{ classify: ['mr'] }, 'task mr: a context of 96 tokens is too short for one demonstration'],
    [{ classify: ['sst9'] }, 'task sst9: unknown task; the nearest name is'],
    [{ speed: 1 } as MomentumOptions, 'speed: unknown option'],
  ])('%j', async (wishes, message) => {
    expect(await refusal(wishes)).toContain(message);
    expect(await refusal(wishes)).toMatch(/^UserError: [^\n]+$/);
    // Nothing is begun, so that the corrected command may name the same folder.
    const out = join(scratch, 'never');
    await refusal({ ...wishes, out });
    expect(existsSync(out)).toBe(false);
  });

  test('the folder of another plan, with the first difference', async () => {
    const before = digests(whole.folder);
    expect(await refusal({ out: whole.folder, steps: 5 })).toMatch(
      /holds a run of another plan: tasks.language.training.steps is 4 there and 5 here/,
    );
    expect(digests(whole.folder)).toEqual(before);
  });

  test('a folder with other files', async () => {
    const out = join(scratch, 'foreign');
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    expect(await refusal({ out })).toMatch(/holds other files \(notes.txt\) and no run/);
  });

  test('a cell that is damaged is named', async () => {
    const out = join(scratch, 'damaged');
    cpSync(whole.folder, out, { recursive: true });
    rmSync(join(out, 'result.json'));
    const [name] = cellFiles(out);
    writeFileSync(join(out, 'cells', name!), '{"task": "language"}');
    expect(await refusal({ out })).toContain(
      `${name}: damaged; remove this file, and the same command trains it again`,
    );
  });
});

test('an estimate counts what the study then trains', async () => {
  const estimate = await estimateMomentum(tiny);
  const { plan } = estimate;
  expect(estimate.signature).toBe(whole.result.signature);
  expect(new Set(cellsOf(plan).map(nameOf)).size).toBe(30);
  expect(estimate.tasks.map(({ task, models }) => [task, models])).toEqual(taskNames.map(task => [task, 6]));
  for (const { task, tokens, seconds } of estimate.tasks) {
    expect(tokens).toBe(whole.timing.tokens[task]);
    expect(seconds).toBeGreaterThan(0);
  }
});
