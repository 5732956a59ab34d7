/** @file A worker for cells that compute nothing, as a process that tests can kill. Options are the first argument. */
import { work } from '../../src/cell/queue/worker.ts';
import { fakeProcess } from './fake-kind.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Error('SIGTERM')));
const say = (text: string) => process.stdout.write(`${text}\n`);
const report = await work({ ...JSON.parse(process.argv[2]!), child: fakeProcess, signal: stop.signal, onNote: say });
say(JSON.stringify(report));
process.exit();
