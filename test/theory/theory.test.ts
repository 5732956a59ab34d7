import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Interrupted } from '../../src/run/interrupted.ts';
import { estimateTheory } from '../../src/study/dual-form/estimate-theory.ts';
import { runTheory, type TheoryResult } from '../../src/study/dual-form/run-theory.ts';
import { inProcesses } from '../../src/study/sweep/in-processes.ts';
import { digestsBelow } from '../cell/scratch.ts';
import { dualform } from '../cli/dualform.ts';
import { LETTERS, scratch, TINY_MODEL } from '../run/tiny.ts';

const tiny = { model: TINY_MODEL, task: LETTERS, learningRate: 0.1, threads: 1 } as const;
const typed = ['--model', TINY_MODEL, '--task', LETTERS, '--learning-rate', '0.1', '--threads', '1'];

describe('the chapters of a tiny model', () => {
  let folder: string;
  let result: TheoryResult;
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const chapters = ['1', '2', '4', '5'] as const;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dualform-theory-'));
    result = await runTheory({ ...tiny, chapters, out: folder });
    return () => rmSync(folder, { recursive: true });
  });

  test('every equality holds', () => {
    const failed = result.chapters.flatMap(({ checks }) => checks.filter(({ passed }) => !passed));
    expect(failed).toEqual([]);
    expect(result.passed).toBe(true);
    const claims = result.chapters.flatMap(({ checks }) => checks);
    expect(claims.length).toBeGreaterThan(20);
    // Float64 where nothing but arithmetic is compared.
    expect(claims.filter(({ tolerance }) => tolerance === 1e-10).length).toBeGreaterThan(16);
  });

  test('undefined numbers say why', () => {
    for (const { what, value, why } of result.chapters.flatMap(({ findings }) => findings)) {
      if (value === null) expect(why, what).toBeTruthy();
      else expect(value, what).toSatisfy(Number.isFinite);
    }
  });

  test('writes a file and a figure per chapter', () => {
    const names = chapters.flatMap(n => [`chapter-${n}.json`, `chapter-${n}.svg`]);
    expect(readdirSync(folder).filter(name => !name.startsWith('.'))).toEqual(
      [...names, 'plan.json', 'provenance.json'].sort(),
    );
    expect(JSON.parse(read('chapter-4.json'))).toEqual(result.chapters[2]);
    expect(read('chapter-2.svg')).toMatch(/^<svg /);
  });

  test('computes only missing chapters again, to the same bytes', async () => {
    const before = chapters.map(n => read(`chapter-${n}.json`) + read(`chapter-${n}.svg`));
    rmSync(join(folder, 'chapter-2.json'));
    rmSync(join(folder, 'chapter-4.json'));
    const again = await runTheory({ ...tiny, chapters, out: folder });
    expect(again.found).toEqual(['1', '5']);
    expect(again.chapters).toEqual(result.chapters);
    expect(chapters.map(n => read(`chapter-${n}.json`) + read(`chapter-${n}.svg`))).toEqual(before);
  });

  test('notes the device, and computes further chapters on no other', async () => {
    const { provenance, timing } = JSON.parse(read('provenance.json'));
    expect(provenance.device).toBe('cpu');
    expect(timing.seconds['chapter 4']).toBeGreaterThan(0);
    const other = runTheory({ ...tiny, chapters: ['3'], device: 'webgpu', out: folder });
    await expect(other).rejects.toThrow(/was begun on cpu, which rounds otherwise/);
  });

  test('refuses a folder with other choices', async () => {
    const other = runTheory({ ...tiny, chapters: ['1'], seed: 2, out: folder });
    await expect(other).rejects.toThrow(/holds a run of another plan: seed is 1 there and 2 here/);
  });

  test('a dry run counts the work and computes nothing', async () => {
    const estimate = await estimateTheory({ ...tiny, out: folder });
    expect(estimate.chapters.map(({ finished }) => finished)).toEqual([true, true, false, true, true]);
    expect(estimate.chapters.map(({ tokens }) => tokens > 0)).toEqual([false, true, false, true, true]);
    expect(estimate.chapters[2]).toMatchObject({ trainingSteps: 2400 });
  });
});

test('intervals and tests of chapter 2 are over disjoint sets of demonstrations, or null with why', async () => {
  const of = async (shots: number) => {
    const { chapters } = await runTheory({ ...tiny, shots, chapters: ['2'], out: scratch() });
    return chapters[0]!.findings;
  };
  const isTest = ({ what }: { readonly what: string }) => /interval|^p of/.test(what);
  const six = await of(4);
  expect(six).toContainEqual({ what: 'disjoint sets of demonstrations', value: 6 });
  expect(six.filter(isTest).map(({ value }) => value)).toEqual(Array(5).fill(expect.any(Number)));
  const few = await of(12);
  expect(few).toContainEqual({ what: 'disjoint sets of demonstrations', value: 4 });
  for (const { value, why } of few.filter(isTest)) {
    expect(value).toBeNull();
    expect(why).toMatch(/need 6 disjoint sets of demonstrations; the \d+ training rows of letters make 4 of 12$/);
  }
});

test('reports warnings about the rows of a task', async () => {
  const folder = scratch();
  const rows = ['ab', 'cd', 'ef', 'gh', 'ij', 'kl'].map(text => JSON.stringify({ text, label: 0 }));
  writeFileSync(join(folder, 'odd.jsonl'), rows.join('\n'));
  writeFileSync(join(folder, 'odd.task.json'), JSON.stringify({ template: '{text} is', labels: ['a', 'b'], shots: 2 }));
  const args = [
    'theory',
    ...typed,
    '--task',
    join(folder, 'odd.jsonl'),
    '--chapter',
    '1',
    '--out',
    join(folder, 'run'),
  ];
  const { stderr } = await dualform(args);
  expect(stderr).toContain('task odd: no evaluation row has the label "b"');
});

test('an estimate stops at its signal', async () => {
  const stopped = estimateTheory({ ...tiny, signal: AbortSignal.abort(new Error('stop')), out: scratch() });
  await expect(stopped).rejects.toThrow('stop');
});

test('keeps finished chapters when interrupted, and the same call resumes', async () => {
  const out = join(scratch(), 'theory');
  const stop = new AbortController();
  const options = { ...tiny, chapters: ['1', '4'] as const, out };
  const stopped = runTheory({
    ...options,
    signal: stop.signal,
    onProgress: ({ stage }) => {
      if (stage.startsWith('chapter 4')) stop.abort();
    },
  });
  await expect(stopped).rejects.toThrow(Interrupted);
  expect((await runTheory(options)).found).toEqual(['1']);
});

test('chapters at once, each in its process, leave the bytes of one after the other', async () => {
  const [one, two] = [scratch(), scratch()];
  const options = { ...tiny, chapters: ['1', '4'] as const };
  const expected = await runTheory({ ...options, out: one });
  const found = await runTheory({ ...options, out: two, executor: inProcesses(2) });
  expect(found.chapters).toEqual(expected.chapters);
  expect(digestsBelow(two)).toEqual(digestsBelow(one));
  expect(JSON.parse(readFileSync(join(two, 'provenance.json'), 'utf8')).timing.seconds['chapter 4']).toBeGreaterThan(0);
});

test('has no updates without demonstrations', async () => {
  const { chapters, passed } = await runTheory({ ...tiny, shots: 0, chapters: ['2', '4', '5'], out: scratch() });
  expect(passed).toBe(true);
  expect(chapters[0]!.findings).toEqual([expect.objectContaining({ value: null, why: 'no demonstrations' })]);
});

describe('the command', () => {
  test('a failed check: exit 1, a line that names it, and the document', async () => {
    const out = join(scratch(), 'theory');
    const args = ['theory', ...typed, '--chapter', '3', '--training-steps', '2', '--out', out];
    const { stdout, stderr, exitCode } = await dualform([...args, '--json', '--quiet']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^dualform: chapter 3: a check failed: layer trained from scratch: .* is above 0\.01 \(and \d more\)\n$/,
    );
    const { passed, chapters } = JSON.parse(stdout);
    expect(passed).toBe(false);
    expect(chapters[0].checks.filter((check: { passed: boolean }) => check.passed).length).toBeGreaterThan(3);
  });

  test('a table for people', async () => {
    const { stdout, stderr, exitCode } = await dualform(['theory', ...typed, '--chapter', '1', '--out', scratch()]);
    expect(stdout).toMatch(/^Chapter 1: /);
    expect(stdout).toMatch(/^trained layer = frozen layer \+ linear attention.* 1\.0e-10 +holds$/m);
    expect(stderr).toContain('chapter 1');
    expect(exitCode).toBe(0);
  });

  test.each([
    [['--chapter', '6'], /--chapters 6: unknown name "6"/],
    [['--chapter', ''], /--chapters "": needs at least one/],
    [['--training-steps', '0'], /--training-steps 0: must be a whole number, at least 1/],
  ])('refuses %j as wrong use', async (args, message) => {
    const { stderr, exitCode } = await dualform(['theory', ...typed, ...args]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
