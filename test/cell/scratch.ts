import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CellOptions } from '../../src/cell/cell.ts';
import { readSweep, type Sweep } from '../../src/cell/sweep-plan.ts';
import type { Json } from '../../src/files/canonical-json.ts';
import { fakeKinds } from './fake-kind.ts';

/** An empty folder that goes with the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-cell-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A sweep of cells that compute nothing. */
export function fakeSweep(grid: { readonly [key: string]: readonly Json[] }, base: CellOptions = {}): Sweep {
  return readSweep('plan.json', { command: 'fake', base, grid }, fakeKinds);
}

/** A digest of every file below a folder, but those that may differ between two computations of one plan. */
export function digestsBelow(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !['provenance.json', '.sweep-id'].includes(entry.name))
    .map(entry => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.sort().map(file => [relative(folder, file), createHash('sha256').update(readFileSync(file)).digest('hex')]),
  );
}
