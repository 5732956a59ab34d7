import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { startWorkerProcess, type WorkerProcess, type WorkerProcessOptions } from './worker-process.ts';

/** An empty folder that goes with the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-cell-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The lines of a file; none where there is no file. */
export function linesOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

/** A worker that ends with the test. */
export function startWorker(options: WorkerProcessOptions): WorkerProcess {
  const worker = startWorkerProcess(options);
  onTestFinished(() => worker.end('SIGKILL'));
  return worker;
}

/** A digest of every file below a folder, but those that may differ between two computations of one plan. */
export function digestsBelow(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/^(provenance\.json|\.sweep-id.*)$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.sort().map(file => [relative(folder, file), createHash('sha256').update(readFileSync(file)).digest('hex')]),
  );
}
