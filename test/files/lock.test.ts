import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/error.ts';
import { lockFolder } from '../../src/files/lock.ts';
import { ownIdentity } from '../../src/files/process-identity.ts';
import { scratch } from '../run/tiny.ts';

const fight = fileURLToPath(new URL('../fixtures/fight-for-folder.mjs', import.meta.url));
const linux = process.platform === 'linux';

test('a second one is refused, and comes in when the first is done', async () => {
  const folder = scratch();
  const first = await lockFolder(folder);
  first.check();
  const second = lockFolder(folder);
  await expect(second).rejects.toThrow(
    `${folder}: another run works on this folder (process ${process.pid} on ${hostname()})`,
  );
  await expect(second).rejects.toBeInstanceOf(UserError);
  await first.release();
  await (await lockFolder(folder)).release();
  expect(readdirSync(folder)).toEqual([]);
});

test('one that comes as the other is just done waits for it', async () => {
  const folder = scratch();
  const first = await lockFolder(folder);
  const second = lockFolder(folder);
  await sleep(300);
  await first.release();
  await (await second).release();
});

test('what killed processes left half written goes, and nothing else', async () => {
  const folder = scratch();
  mkdirSync(join(folder, 'cells'));
  for (const name of ['.provenance.json.1.aa.part', 'cells/.1.json.1.bb.part', 'cells/1.json', 'own.part']) {
    writeFileSync(join(folder, name), '');
  }
  await (await lockFolder(folder)).release();
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['cells', 'cells/1.json', 'own.part']);
});

test('a lock that another removed is noticed at the next check', async () => {
  const folder = scratch();
  const lock = await lockFolder(folder);
  const [name] = readdirSync(folder) as [string];
  renameSync(join(folder, name), join(folder, 'away'));
  expect(() => lock.check()).toThrow(/another run took this folder over/);
  renameSync(join(folder, 'away'), join(folder, name));
  await lock.release();
});

describe('a lock that was left', () => {
  // Beyond the largest process id of any system.
  const DEAD = 2 ** 30;
  const { pid, start, scope } = ownIdentity();
  const elsewhere = `${'0'.repeat(32)}-4026531836`;
  const all = mkdtempSync(join(tmpdir(), 'dualform-locks-'));
  afterAll(() => rmSync(all, { recursive: true }));
  const leftBy = (process: string) => {
    const folder = mkdtempSync(join(all, 'folder-'));
    const path = join(folder, `.run.${process}.aa.somewhere.lock`);
    mkdirSync(path);
    return { folder, path };
  };

  test.skipIf(!linux).each([
    ['a process that is gone', `${DEAD}.${start}.${scope}`],
    ['an earlier process of an id that is taken', `${pid}.1.${scope}`],
  ])('by %s does not count for a moment', async (_, process) => {
    const { folder } = leftBy(process);
    const asked = performance.now();
    const lock = await lockFolder(folder);
    expect(performance.now() - asked).toBeLessThan(500);
    expect(readdirSync(folder).length).toBe(1);
    await lock.release();
  });

  // At once, since they do nothing but wait.
  const unknown = `${DEAD}.5.${elsewhere}`;
  test.concurrent('on another machine holds until it is stale, and is waited for', async () => {
    const { folder, path } = leftBy(unknown);
    const asked = performance.now();
    await (await lockFolder(folder, { staleMs: 2000 })).release();
    expect(performance.now() - asked).toBeGreaterThan(1000);
    expect(existsSync(path)).toBe(false);
  });

  test.concurrent.each([
    ['behind', -3600],
    ['ahead', 3600],
  ])('on another machine whose clock is an hour %s is waited for all the same', async (_, seconds) => {
    const { folder, path } = leftBy(unknown);
    utimesSync(path, Date.now() / 1000 + seconds, Date.now() / 1000 + seconds);
    const asked = performance.now();
    await (await lockFolder(folder, { staleMs: 2000 })).release();
    expect(performance.now() - asked).toBeGreaterThan(1900);
    expect(existsSync(path)).toBe(false);
  });

  test.concurrent.each([
    ['a right clock', 0],
    ['a clock an hour behind', -3600],
    ['a clock an hour ahead', 3600],
  ])('on another machine with %s, touched again and again, is refused', async (_, seconds) => {
    const { folder, path } = leftBy(unknown);
    const now = () => Date.now() / 1000 + seconds;
    const touching = setInterval(() => utimesSync(path, now(), now()), 300);
    const refused = lockFolder(folder, { staleMs: 2000 }).finally(() => clearInterval(touching));
    await expect(refused).rejects.toThrow(`another run works on this folder (process ${DEAD} on somewhere)`);
    expect(existsSync(path)).toBe(true);
  });
});

test.skipIf(!linux)(
  'after kill -9 under a parent that never waits for its children, the folder is free at once',
  async () => {
    const folder = scratch();
    const script = `${process.execPath} ${fight} ${folder} 1000 & echo $!; exec sleep 100`;
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const pid = Number(String(await new Promise(resolve => parent.stdout.once('data', resolve))));
    while (!existsSync(join(folder, 'log'))) await sleep(10);
    // In the middle of holding it.
    while (!existsSync(join(folder, 'holder'))) await sleep(1);
    process.kill(pid, 'SIGKILL');
    while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) await sleep(5);
    const asked = performance.now();
    const lock = await lockFolder(folder);
    expect(performance.now() - asked).toBeLessThan(500);
    await lock.release();
  },
);

test.skipIf(!linux)(
  'of twenty processes that fight for a folder one has it at a time, half of them killed with it',
  async () => {
    const folder = scratch();
    const fighters = Array.from({ length: 20 }, (_, i) => {
      const args = [fight, folder, '1', ...(i % 2 === 0 ? ['die'] : [])];
      return promisify(execFile)(process.execPath, args).catch((error: { signal?: string; stderr: string }) => {
        if (error.signal !== 'SIGKILL') throw new Error(error.stderr);
      });
    });
    await Promise.all(fighters);
    const lines = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n');
    expect(lines.filter(line => !line.startsWith('taken by'))).toEqual([]);
    expect(lines.length).toBe(20);
  },
);

/** As root, or where the system lets anybody. */
const namespaces = linux && spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
if (!namespaces)
  console.warn('skipped: a second pid namespace cannot be made here (unshare --pid --fork --mount-proc)');

describe.skipIf(!namespaces)('in a pid namespace of its own under the same host name', () => {
  const inside = (args: readonly string[], mount = ['--mount-proc']) =>
    promisify(execFile)('unshare', ['--pid', '--fork', '--kill-child', ...mount, process.execPath, ...args]);
  const attempt = (folder: string) => `
    import { lockFolder } from ${JSON.stringify(new URL('../../dist/files/lock.js', import.meta.url).href)};
    await lockFolder(${JSON.stringify(folder)}).then(lock => lock.release().then(() => console.log('taken')), error => console.log(error.message));`;

  test.each([
    ['with its own /proc', ['--mount-proc']],
    ['with the /proc of the other', []],
  ])('a process does not take the folder of one that lives, %s', async (_, mount) => {
    const folder = scratch();
    const lock = await lockFolder(folder);
    const { stdout } = await inside(['--input-type=module', '--eval', attempt(folder)], mount);
    expect(stdout).toMatch(/another run works on this folder/);
    lock.check();
    await lock.release();
    expect((await inside(['--input-type=module', '--eval', attempt(folder)], mount)).stdout).toBe('taken\n');
  });

  test('its lock holds outside while it lives, and goes stale when it is killed', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'own'), '');
    const working = spawn('unshare', [
      ...['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, fight, folder, '1000'],
    ]);
    onTestFinished(() => void working.kill('SIGKILL'));
    while (!existsSync(join(folder, 'holder'))) await sleep(1);
    working.kill('SIGKILL');
    await (await lockFolder(folder, { staleMs: 2000 })).release();
    expect(readdirSync(folder).filter(name => name.startsWith('.run.'))).toEqual([]);
  });
});

test('a clock that jumps does not lose the folder', async () => {
  const folder = scratch();
  const now = Date.now;
  onTestFinished(() => {
    Date.now = now;
  });
  const lock = await lockFolder(folder, { staleMs: 3000 });
  for (const jump of [3_600_000, -7_200_000, 0]) {
    Date.now = () => now() + jump;
    // The lock is touched every second.
    await sleep(1500);
    lock.check();
  }
  await lock.release();
  expect(readdirSync(folder)).toEqual([]);
});
