import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tinyOnnx } from '../../../test/tiny-onnx.ts';
import { UserError } from '../../error.ts';
import type { TensorData } from '../runtime.ts';
import { type NodeRuntime, openRuntime, withRuntime } from './open-runtime.ts';

/** A chain of products that keeps a core busy for several seconds. */
const size = 1024;
const links = 100;
const slow = tinyOnnx({
  inputs: { x: { dims: [size, size] } },
  outputs: { end: { dims: [size, size] } },
  nodes: Array.from({ length: links }, (_, i) => [
    'MatMul',
    [i === 0 ? 'x' : `p${i}`, 'x'],
    [i === links - 1 ? 'end' : `p${i + 1}`],
  ]),
});
const zeros: TensorData = { type: 'float32', dims: [size, size], data: new Float32Array(size * size) };

async function startSlowRun(runtime: NodeRuntime): Promise<{ readonly run: Promise<unknown> }> {
  const session = await runtime.openSession({ name: 'slow', model: slow });
  const x = await runtime.upload('x', zeros);
  const run = runtime.run(session, { doing: 'in-context batch 3 of 13', feeds: { x }, fetch: ['end'] });
  run.catch(() => {});
  await sleep(100);
  return { run };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function secondsUntil(condition: () => boolean): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > 20_000) throw new Error('waited in vain');
    await sleep(10);
  }
  return (performance.now() - start) / 1000;
}

test('reports a crash and does the work once more', async () => {
  const warnings: string[] = [];
  const pids: number[] = [];
  const result = await withRuntime({ threads: 1, onWarning: message => warnings.push(message) }, async runtime => {
    pids.push(runtime.pid);
    if (pids.length > 1) return 'done';
    const { run } = await startSlowRun(runtime);
    process.kill(runtime.pid, 'SIGSEGV');
    return run;
  });
  expect(result).toBe('done');
  expect(warnings).toEqual([
    'the compute process ended (signal SIGSEGV) while in-context batch 3 of 13; trying once more',
  ]);
  expect(pids.filter(isAlive)).toEqual([]);
});

test('a second crash is an error that names the request', async () => {
  const warnings: string[] = [];
  const work = async (runtime: NodeRuntime) => {
    const { run } = await startSlowRun(runtime);
    process.kill(runtime.pid, 'SIGKILL');
    await run;
  };
  const error = await withRuntime({ threads: 1, onWarning: message => warnings.push(message) }, work).catch(
    error => error,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toMatch(
    /crashed twice, the second time while in-context batch 3 of 13 \(signal SIGKILL\); .*memory/,
  );
  expect(warnings).toHaveLength(1);
});

test('after a crash every request fails with it', async () => {
  const runtime = await openRuntime({ threads: 1 });
  process.kill(runtime.pid, 'SIGKILL');
  await expect(runtime.upload('x', zeros)).rejects.toThrow(
    'the compute process ended (signal SIGKILL) while uploading x',
  );
  await expect(runtime.upload('y', zeros)).rejects.toThrow('the compute process ended');
  expect(runtime.crash()).toMatchObject({ cause: 'signal SIGKILL' });
  await runtime.close();
});

test('an error of the work itself is not tried again, and leaves no process', async () => {
  const pids: number[] = [];
  const work = async (runtime: NodeRuntime) => {
    pids.push(runtime.pid);
    throw new Error('my own');
  };
  await expect(withRuntime({ threads: 1 }, work)).rejects.toThrow('my own');
  expect(pids).toHaveLength(1);
  expect(pids.filter(isAlive)).toEqual([]);
});

test('a signal ends the work inside a graph, with its reason and no second try', async () => {
  const controller = new AbortController();
  let attempts = 0;
  let pid = 0;
  let aborted = 0;
  const done = withRuntime({ threads: 1, signal: controller.signal }, async runtime => {
    attempts++;
    pid = runtime.pid;
    const { run } = await startSlowRun(runtime);
    aborted = performance.now();
    controller.abort(new Error('Ctrl-C'));
    await run;
  });
  await expect(done).rejects.toThrow('Ctrl-C');
  expect(performance.now() - aborted).toBeLessThan(1000);
  expect(attempts).toBe(1);
  expect(isAlive(pid)).toBe(false);
  await expect(openRuntime({ signal: controller.signal })).rejects.toThrow('Ctrl-C');
});

test('close ends a graph at once, and the parent stays awake while it runs', async () => {
  const runtime = await openRuntime({ threads: 1 });
  const { run } = await startSlowRun(runtime);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  await sleep(300);
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(10);
  const start = performance.now();
  await runtime.close();
  expect(performance.now() - start).toBeLessThan(1000);
  await expect(run).rejects.toThrow('the runtime is closed');
  expect(isAlive(runtime.pid)).toBe(false);
});

test('ignores Ctrl-C of the terminal', async () => {
  const runtime = await openRuntime({ threads: 1 });
  process.kill(runtime.pid, 'SIGINT');
  await sleep(100);
  expect(await runtime.upload('x', zeros)).toMatchObject({ name: 'x' });
  await runtime.close();
});

test('the process ends when its parent is killed', async () => {
  const library = pathToFileURL('dist/runtime/index.js').href;
  const script = `
    const { openRuntime } = await import(${JSON.stringify(library)});
    const { pid } = await openRuntime({ threads: 1 });
    process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const parent = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  const { stdout } = await parent.catch((killed: { stdout: string }) => killed);
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(await secondsUntil(() => !isAlive(Number(stdout)))).toBeLessThan(5);
});
