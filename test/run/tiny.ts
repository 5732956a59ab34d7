/** @file A model of 27,000 weights and tasks of 60 rows: a whole run takes a second. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import { splitHooks } from '../../src/hooks.ts';
import { prepare } from '../../src/run/prepare.ts';
import { type RunOptions, type RunResult, runPrepared } from '../../src/run/run.ts';
import { shareModel } from '../../src/run/shared-model.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

export const TINY_MODEL = fixture('tiny-model');
/** Label words of one token each. */
export const LETTERS = fixture('tiny-tasks/letters.jsonl');
/** Label words of one and of several tokens. */
export const WORDS = fixture('tiny-tasks/words.jsonl');
export const RUN_SCRIPT = fixture('run-experiment.mjs');

export const tinyRun = {
  model: TINY_MODEL,
  task: LETTERS,
  learningRate: 0.1,
  batchSize: 2,
  threads: 1,
} as const satisfies RunOptions;

/**
 * As runExperiment, with one compute process and model for all runs of the file, which end with the same bytes as runs
 * alone (shared-model.test.ts): for tests of what a run finds in its folder and leaves there.
 */
export function shareRuns(): (options: RunOptions) => Promise<RunResult> {
  const shared = shareModel();
  afterAll(() => shared.close());
  return options => {
    const { hooks, wishes } = splitHooks(options);
    return runPrepared(() => prepare(wishes, hooks, asked => shared.open(asked, hooks)), hooks, shared);
  };
}

/** An empty folder that is removed after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-run-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const STORED = ['plan.json', 'tokens.jsonl', 'examples.jsonl', 'metrics.jsonl', 'result.json'] as const;

/** A digest of every file of a run but provenance.json. */
export function digests(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    STORED.map(name => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}
