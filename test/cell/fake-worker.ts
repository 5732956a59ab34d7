/**
 * @file A worker for cells that compute nothing, or for all kinds, as a process that tests can kill.
 * Options are the first argument.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { work } from '../../src/cell/queue/worker.ts';
import { fakeProcess } from './fake-kind.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Error('SIGTERM')));
const say = (text: string) => process.stdout.write(`${text}\n`);
const { kinds, ...options } = JSON.parse(process.argv[2]!);
const child = kinds === 'all' ? (await import('../../src/study/sweep/cell-kinds.ts')).cellProcess : fakeProcess;
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
const report = await work({ ...options, child, signal: stop.signal, onNote: say });
say(`event loop blocked for at most ${Math.ceil(delays.max / 1e6)} ms`);
say(JSON.stringify(report));
process.exit();
