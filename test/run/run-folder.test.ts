import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { UserError } from '../../src/error.ts';
import { lockFolder } from '../../src/files/lock.ts';
import type { RunOptions } from '../../src/run/run.ts';
import { digests, scratch, shareRuns, tinyRun } from './tiny.ts';

const runShared = shareRuns();

describe('a folder of another plan is refused, the first difference named', () => {
  test.each([
    [{ shots: 3 }, /shots/],
    [{ learningRate: 0.2 }, /learningRate is 0.1 there and 0.2 here/],
    [{ tap: 'label' }, /tap is "prompt-end" there and "label" here/],
    [{ settings: ['zero-shot', 'in-context'] }, /settings is \["zero-shot","in-context","finetuned"\] there/],
    [{ separator: ' ' }, /separator is \[3,3\] there and \[4\] here/],
  ] as const)('%o', async (change, message) => {
    const out = join(scratch(), 'run');
    await runShared({ ...tinyRun, limit: 2, out });
    const before = digests(out);
    const refused = runShared({ ...tinyRun, limit: 2, ...change, out } as RunOptions);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/another plan.*give another `out`/);
    await expect(refused).rejects.toBeInstanceOf(UserError);
    expect(digests(out)).toEqual(before);
  });
});

test('a folder with other files is left alone', async () => {
  const out = scratch();
  writeFileSync(join(out, 'thesis.tex'), 'years of work');
  await expect(runShared({ ...tinyRun, out })).rejects.toThrow(/holds other files \(thesis.tex\) and no run/);
  expect(readdirSync(out)).toEqual(['thesis.tex']);
});

test('a damaged plan is named', async () => {
  const out = scratch();
  writeFileSync(join(out, 'plan.json'), '{"schema": "dualf');
  await expect(runShared({ ...tinyRun, out })).rejects.toThrow(/plan\.json: damaged .*give another `out`/);
});

test('a place that cannot be written to is named', async () => {
  const folder = scratch();
  writeFileSync(join(folder, 'file'), '');
  const out = join(folder, 'file', 'run');
  await expect(runShared({ ...tinyRun, out })).rejects.toThrow(`${out}: a part of the path is a file, not a folder`);
});

test.skipIf(process.platform !== 'linux')('a read-only file system is named', async () => {
  await expect(runShared({ ...tinyRun, out: '/sys/dualform-run' })).rejects.toThrow(
    /^\/sys\/dualform-run: .*choose another `out`$/,
  );
});

test('a disk that fills up in the middle of a batch: nothing is lost, the same call resumes', async () => {
  const reference = join(scratch(), 'run');
  await runShared({ ...tinyRun, out: reference });

  const out = join(scratch(), 'run');
  const handle = await open(join(scratch(), 'any'), 'w');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const write = prototype.write as (this: FileHandle, ...args: unknown[]) => Promise<{ bytesWritten: number }>;
  let writes = 0;
  const spy = vi.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
    writes++;
    if (writes < 6) return write.apply(this, args);
    if (writes === 6) return write.call(this, args[0], args[1], 10, args[3]);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
  } as never);
  const failed = await runShared({ ...tinyRun, out }).catch((error: unknown) => error);
  spy.mockRestore();
  expect(failed).toBeInstanceOf(UserError);
  expect((failed as UserError).message).toMatch(
    /(examples|metrics)\.jsonl: the disk is full; free some space; .*resumes/,
  );
  expect((failed as UserError).option).toBeUndefined();

  const { found } = await runShared({ ...tinyRun, out });
  expect(found).toBeGreaterThan(0);
  expect(digests(out)).toEqual(digests(reference));
});

describe('one run at a time works on a folder', () => {
  test('two calls of one process', async () => {
    const out = join(scratch(), 'run');
    await runShared({ ...tinyRun, limit: 2, out });
    rmSync(join(out, 'result.json'));
    // A whole run of this model may end before the second call gives up.
    const first = await lockFolder(out);
    await expect(runShared({ ...tinyRun, limit: 2, out })).rejects.toThrow(/another run works on this folder/);
    await first.release();
    await runShared({ ...tinyRun, limit: 2, out });
  });
});

test('a run folder may be a link', async () => {
  const folder = scratch();
  mkdirSync(join(folder, 'far'));
  symlinkSync(join(folder, 'far'), join(folder, 'near'));
  await runShared({ ...tinyRun, limit: 2, out: join(folder, 'near') });
  expect(JSON.parse(readFileSync(join(folder, 'far', 'result.json'), 'utf8')).schema).toBe('dualform.run/1');
});
