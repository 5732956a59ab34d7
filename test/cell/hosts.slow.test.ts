/** @file Two hosts with one shared folder: workers in network namespaces, joined to one Redis; one loses its link. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { throughQueue } from '../../src/cell/queue/queue-executor.ts';
import { runSweep } from '../../src/cell/sweep.ts';
import { fakeKinds, fakeSweep } from './fake-kind.ts';
import { expectedFiles } from './on-each-server.ts';
import { digestsBelow, linesOf, scratch, startWorker } from './scratch.ts';
import { hasRedis, startRedis } from './servers.ts';

function ip(command: string): boolean {
  return spawnSync('ip', command.split(' ')).status === 0;
}

/** A network namespace, as a host of its own: also its processes and its name. */
interface Host {
  /** The address of this machine on the link. */
  readonly address: string;
  /** A command that runs another one there. */
  readonly through: readonly string[];
  link(state: 'up' | 'down'): void;
  remove(): void;
}

/** @param n from 0 to 254, for addresses of its own */
function makeHost(n: number): Host | undefined {
  const name = `dualform-${process.pid}-${n}`;
  const [here, there] = [`dfh${process.pid % 100_000}-${n}`, `dft${process.pid % 100_000}-${n}`];
  const address = `10.213.${n}.1`;
  const remove = () => {
    ip(`link delete ${here}`);
    ip(`netns delete ${name}`);
  };
  const made = [
    `netns add ${name}`,
    `link add ${here} type veth peer name ${there}`,
    `link set ${there} netns ${name}`,
    `address add ${address}/24 dev ${here}`,
    `link set ${here} up`,
    `-n ${name} address add 10.213.${n}.2/24 dev ${there}`,
    `-n ${name} link set lo up`,
    `-n ${name} link set ${there} up`,
  ].every(ip);
  const own = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--uts'];
  if (made && spawnSync(own[0]!, [...own.slice(1), 'true']).status === 0) {
    const through = ['ip', 'netns', 'exec', name, ...own];
    return { address, through, link: state => void ip(`link set ${here} ${state}`), remove };
  }
  remove();
  return undefined;
}

const probe = process.platform === 'linux' && hasRedis ? makeHost(0) : undefined;
probe?.remove();
if (probe === undefined) {
  console.log('The test with two hosts is skipped: it needs Linux, network namespaces (ip, unshare, root) and Redis.');
}

describe.skipIf(probe === undefined)('two hosts with one shared folder', () => {
  test('one loses its link in the middle of a cell: the other finishes, and nothing is stored twice', async () => {
    const hosts = [1, 2].map(n => makeHost(n)!);
    onTestFinished(() => {
      for (const { remove } of hosts) remove();
    });
    const server = await startRedis('0.0.0.0');
    onTestFinished(() => server.stop());
    const urlFrom = (address: string) => server.url.replace('0.0.0.0', address);
    const out = scratch();
    const log = join(scratch(), 'log');
    // Longer than the lock of a worker, so that the second host is given the cell while the first computes it.
    const sweep = fakeSweep({ steps: [2000, 50, 51] }, { log });
    const executor = throughQueue({ url: urlFrom('127.0.0.1'), kinds: fakeKinds });
    const going = runSweep(sweep, { out, executor });
    const [first, second] = hosts.map(
      ({ address, through }) =>
        () =>
          startWorker({ url: urlFrom(address), out, through }),
    );
    const cutOff = first!();
    while (linesOf(log).length < 10) await sleep(10);
    const other = second!();
    hosts[0]!.link('down');
    expect(await going).toMatchObject({ done: 3, failed: [] });
    // Every step of every cell was computed once: the folder tells the second host that the first is at work.
    expect(linesOf(log)).toHaveLength(2101);
    expect(digestsBelow(out)).toEqual(await expectedFiles(sweep));
    expect(other.lines().join('\n')).toMatch(/given back: .*another run works on this folder/);
    const bytes = digestsBelow(out);
    hosts[0]!.link('up');
    await cutOff.says(/a late result is not used|lost the lock/);
    expect(digestsBelow(out)).toEqual(bytes);
  });
});
