/** @file A worker for cells that compute nothing, as a process that tests can kill. Options are the first argument. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { work } from '../../src/cell/queue/worker.ts';
import { fakeProcess } from './fake-kind.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Error('SIGTERM')));
const say = (text: string) => process.stdout.write(`${text}\n`);
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
const report = await work({ ...JSON.parse(process.argv[2]!), child: fakeProcess, signal: stop.signal, onNote: say });
say(`event loop blocked for at most ${Math.ceil(delays.max / 1e6)} ms`);
say(JSON.stringify(report));
process.exit();
