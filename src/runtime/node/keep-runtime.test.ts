import { afterEach, expect, test, vi } from 'vitest';
import { type KeptRuntime, keepRuntime } from './keep-runtime.ts';

const forget = vi.fn();
let kept: KeptRuntime;

afterEach(async () => {
  await kept.close();
  forget.mockClear();
});

test('jobs with the same options use one process, others another one', async () => {
  kept = keepRuntime(forget);
  const first = await kept.lend({ threads: 1 });
  await kept.giveBack(first);
  expect(await kept.lend({ threads: 1, device: 'cpu' })).toBe(first);
  await kept.giveBack(first);
  forget.mockClear();
  const other = await kept.lend({ threads: 2 });
  expect(other.pid).not.toBe(first.pid);
  expect(forget).toHaveBeenCalledOnce();
  expect(kept.current()).toBe(other);
});

test('the signal of the job that uses the process ends it, that of an earlier job does not', async () => {
  kept = keepRuntime(forget);
  const [earlier, now] = [new AbortController(), new AbortController()];
  const first = await kept.lend({ threads: 1, signal: earlier.signal });
  await kept.giveBack(first);
  expect(await kept.lend({ threads: 1, signal: now.signal })).toBe(first);
  earlier.abort(new Error('the earlier job'));
  expect(await first.tensors()).toEqual([]);
  now.abort(new Error('this job'));
  await expect(first.tensors()).rejects.toThrow('this job');
  await kept.giveBack(first);
  expect(kept.current()).toBeUndefined();
  await expect(kept.lend({ threads: 1, signal: now.signal })).rejects.toThrow('this job');
  expect((await kept.lend({ threads: 1 })).pid).not.toBe(first.pid);
});
