import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Lost, type PartialFile, takePartial } from './partial.ts';

const pace = { abandonedMs: 10_000 };

let folder: string;
let blob: string;
const held: PartialFile[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-partial-'));
  blob = join(folder, 'abc');
});
afterEach(async () => {
  vi.useRealTimers();
  for (const partial of held.splice(0)) await partial.remove();
  rmSync(folder, { recursive: true });
});

async function take(): Promise<PartialFile> {
  const taken = await takePartial(blob, pace);
  if ('bytes' in taken) throw new Error('busy');
  held.push(taken);
  return taken;
}

test('a file belongs to one; when it is let go the next one has what is in it', async () => {
  const first = await take();
  await first.handle.write('half');
  expect(await takePartial(blob, pace)).toEqual({ bytes: 4 });
  await first.letGo();
  const second = await take();
  await second.handle.write(' and half', 4);
  await second.publish();
  expect(readFileSync(blob, 'utf8')).toBe('half and half');
  expect(readdirSync(folder)).toEqual(['abc']);
});

test('of many who begin at the same moment one goes on', async () => {
  for (let round = 0; round < 20; round++) {
    const taken = await Promise.all(Array.from({ length: 5 }, () => takePartial(blob, pace)));
    const owners = taken.filter(each => !('bytes' in each)) as PartialFile[];
    expect(owners.length).toBeGreaterThan(0);
    expect(new Set(owners.map(({ path }) => path)).size).toBe(owners.length);
    for (const owner of owners) await owner.remove();
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('a process that was stopped for too long finds the file gone, and leaves it alone', async () => {
  const stopped = await take();
  await stopped.handle.write('some');
  const long = new Date(Date.now() - 60_000);
  utimesSync(stopped.path, long, long);
  const other = await take();
  await expect(stopped.publish()).rejects.toThrow(Lost);
  expect(readdirSync(folder)).toHaveLength(1);
  vi.useFakeTimers({ now: Date.now() + 30_000, toFake: ['Date'] });
  await expect(stopped.check()).rejects.toThrow(Lost);
  await other.check();
  await other.publish();
  expect(readFileSync(blob, 'utf8')).toBe('some');
});
