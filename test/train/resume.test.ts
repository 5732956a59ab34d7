import { cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import { UserError } from '../../src/error.ts';
import { Interrupted } from '../../src/run/interrupted.ts';
import type { TrainRun } from '../../src/train/run.ts';
import { killedTraining } from './killed.ts';
import { digests, logOf, scratch, shareTrainings, tinyTraining, wholeRun } from './tiny.ts';

const train = shareTrainings();

let whole: TrainRun;
beforeAll(async () => {
  const { run, remove } = await wholeRun();
  whole = run;
  return remove;
});

describe('a killed run resumes and ends with the same bytes', () => {
  test.each([2, 6, 12])('at step %i', async step => {
    const out = join(scratch(), 'run');
    await killedTraining({ ...tinyTraining, out }, { step });
    const { found, result } = await train({ ...tinyTraining, out });
    expect(found).toBeGreaterThanOrEqual(Math.floor(step / 3) * 3);
    expect(result).toEqual(whole.result);
    expect(digests(out)).toEqual(digests(whole.folder));
  });

  test('again and again, at any moment', async () => {
    const out = join(scratch(), 'run');
    for (const milliseconds of [350, 500, 620]) await killedTraining({ ...tinyTraining, out }, { milliseconds });
    await train({ ...tinyTraining, out });
    expect(digests(out)).toEqual(digests(whole.folder));
  });
});

/** The folder as it is after a stop behind a step. */
async function stoppedAfter(step: number): Promise<{ readonly out: string; readonly error: unknown }> {
  const out = join(scratch(), 'run');
  const controller = new AbortController();
  const error = await train({
    ...tinyTraining,
    checkpointEvery: 100,
    out,
    signal: controller.signal,
    onProgress: ({ stage, done }) => {
      if (stage === 'training' && done === step) controller.abort(new Error('enough'));
    },
  }).catch((thrown: unknown) => thrown);
  return { out, error };
}

describe('an interrupted run', () => {
  test('saves a checkpoint, says how to resume, and resumes to the same bytes', async () => {
    const { out, error } = await stoppedAfter(5);
    expect(error).toBeInstanceOf(Interrupted);
    expect((error as Interrupted).message).toMatch(
      /^interrupted after step 6 of 12, stored in .*; the same command resumes from there$/,
    );
    // What is there is a model already, and every number of it is finite.
    for (const { data } of (await readSafetensors(join(out, 'model.safetensors'))).values()) {
      expect(Array.from(data as Float32Array).every(Number.isFinite)).toBe(true);
    }
    const { found } = await train({ ...tinyTraining, out });
    expect(found).toBe(6);
    expect(digests(out)).toEqual(digests(whole.folder));
  });

  test('after a step with a validation still does that validation', async () => {
    const { out } = await stoppedAfter(3);
    expect(
      logOf(out)
        .slice(-2)
        .map(row => [row.step, Object.keys(row).length]),
    ).toEqual([
      [4, 4],
      [4, 2],
    ]);
    await train({ ...tinyTraining, out });
    expect(digests(out)).toEqual(digests(whole.folder));
  });

  test('before it began has written nothing', async () => {
    const out = join(scratch(), 'run');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(train({ ...tinyTraining, out, signal })).rejects.toThrow('interrupted before training began');
    expect(existsSync(out)).toBe(false);
  });
});

describe('a checkpoint that does not fit', () => {
  test('of another plan is refused, the first difference named, nothing lost', async () => {
    const { out } = await stoppedAfter(5);
    const before = digests(out);
    const refused = train({ ...tinyTraining, learningRate: 0.01, out });
    await expect(refused).rejects.toThrow(
      /another plan: learningRate is 0.004 there and 0.01 here; give another `out`/,
    );
    await expect(refused).rejects.toBeInstanceOf(UserError);
    expect(digests(out)).toEqual(before);
  });

  test('a state of another run is refused', async () => {
    const { out } = await stoppedAfter(5);
    const other = join(scratch(), 'other');
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await train({ ...tinyTraining, seed: 9, out: other, onProgress, signal: controller.signal }).catch(() => {});
    cpSync(join(other, 'state.safetensors'), join(out, 'state.safetensors'));
    await expect(train({ ...tinyTraining, out })).rejects.toThrow(/state.safetensors: is a checkpoint of another/);
  });

  test('a log that is cut off before the checkpoint is named', async () => {
    const { out } = await stoppedAfter(5);
    truncateSync(join(out, 'train.jsonl'), 100);
    await expect(train({ ...tinyTraining, out })).rejects.toThrow(/train.jsonl: does not hold the 6 steps/);
  });

  test('an incomplete or invalid end of the log is cut off', async () => {
    const { out } = await stoppedAfter(5);
    const log = readFileSync(join(out, 'train.jsonl'), 'utf8');
    writeFileSync(join(out, 'train.jsonl'), `${log}{"step":7,"loss":1}\n\0\0\0\n{"step":8,"lo`);
    await train({ ...tinyTraining, out });
    expect(digests(out)).toEqual(digests(whole.folder));
  });

  test('a folder of other files is not changed', async () => {
    const out = scratch();
    writeFileSync(join(out, 'thesis.tex'), 'years of work');
    await expect(train({ ...tinyTraining, out })).rejects.toThrow(/holds other files \(thesis.tex\) and no run/);
    expect(readdirSync(out)).toEqual(['thesis.tex']);
  });
});

test('diverged training stops the run, names the step, and keeps the last checkpoint', async () => {
  const out = join(scratch(), 'run');
  const diverging = { ...tinyTraining, learningRate: 1e30, clip: 1e30, warmUp: 6, checkpointEvery: 1, out };
  const failed = await train(diverging).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(UserError);
  const [, step, saved] = /^step (\d+): training diverged: .*; the checkpoint of step (\d+) is kept in /.exec(
    (failed as UserError).message,
  )!;
  expect(Number(saved)).toBe(Number(step) - 1);
  expect(logOf(out).at(-1)!.step).toBe(Number(saved));
  for (const { data } of (await readSafetensors(join(out, 'state.safetensors'))).values()) {
    expect(Array.from(data as Float32Array).every(Number.isFinite)).toBe(true);
  }
});

test.skipIf(process.platform !== 'linux')('a read-only file system is named', async () => {
  await expect(train({ ...tinyTraining, out: '/sys/dualform-train' })).rejects.toThrow(
    /^\/sys\/dualform-train: .*choose another `out`$/,
  );
});

test.each([3, 8, 12])('a disk that is full at write %i: nothing is lost, the same call resumes', async allowed => {
  const out = join(scratch(), 'run');
  const handle = await open(join(scratch(), 'any'), 'w');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  let writes = 0;
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
  const spies = (['write', 'writeFile'] as const).map(name => {
    const whole = prototype[name] as (this: FileHandle, ...args: unknown[]) => Promise<never>;
    return vi.spyOn(prototype, name).mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
      if (++writes > allowed) throw full;
      return whole.apply(this, args);
    } as never);
  });
  const failed = await train({ ...tinyTraining, out }).catch((error: unknown) => error);
  for (const spy of spies) spy.mockRestore();
  expect(failed).toBeInstanceOf(UserError);
  expect((failed as UserError).message).toMatch(/: the disk is full; free some space/);
  expect((failed as UserError).option).toBeUndefined();
  expect(readdirSync(out).filter(name => name.endsWith('.part'))).toEqual([]);
  await train({ ...tinyTraining, out });
  expect(digests(out)).toEqual(digests(whole.folder));
});
