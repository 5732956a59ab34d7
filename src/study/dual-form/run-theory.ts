/**
 * @file The study of the dual form, in a folder:
 *
 *     plan.json         every choice, written first
 *     chapter-N.json    checks, findings, tables and figure of chapter N, written when it is done
 *     chapter-N.svg     the figure
 *     provenance.json   times, memory, machine: what may differ between two runs of one plan
 */
import { join, relative } from 'node:path';
import type { MakeExecutor } from '../../cell/executor.ts';
import { followOne } from '../../cell/follow-one.ts';
import { here } from '../../cell/here.ts';
import { claimFolder, makeFolder, readJson } from '../../files/run-folder.ts';
import { splitHooks } from '../../hooks.ts';
import { computeParts } from '../../run/compute-parts.ts';
import { deviceForModel } from '../../run/device-for-model.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { cellOf, chapterKind, chapterOf, type StoredChapter } from './cell-kind.ts';
import { type ChapterNumber, chapterNumbers } from './options.ts';
import { prepareTheory, type TheoryOptions, upgradeTheoryPlan } from './prepare-theory.ts';

export interface TheoryResult {
  readonly schema: 'dualform.theory/1';
  readonly signature: string;
  /** Absolute. */
  readonly folder: string;
  /** Whether every check passes. */
  readonly passed: boolean;
  readonly chapters: readonly StoredChapter[];
  /** Chapters that were finished earlier. */
  readonly found: readonly ChapterNumber[];
}

export interface RunTheoryOptions extends TheoryOptions {
  /** Computes the chapters that are missing; `here` unless given. */
  readonly executor?: MakeExecutor | undefined;
}

/** Where the result of a chapter is stored. */
export function chapterFile(folder: string, chapter: ChapterNumber): string {
  return join(folder, `chapter-${chapter}.json`);
}

/**
 * Computes chapters into a folder. Chapters that are finished there are not computed again.
 *
 * @throws UserError for options, model, task, the folder or the disk
 * @throws Interrupted after `signal`
 */
export async function runTheory({ executor = here, ...options }: RunTheoryOptions = {}): Promise<TheoryResult> {
  const { signal } = options;
  let folder: string | undefined;
  try {
    const theory = await prepareTheory(options);
    const { plan, signature, wanted, prepared } = theory;
    folder = theory.folder;
    const { hooks, wishes } = splitHooks(options);
    const lock = await makeFolder(folder);
    try {
      await claimFolder(folder, plan, upgradeTheoryPlan);
      const earlier = await storedChapters(folder);
      const followed = followOne(hooks.onProgress);
      const all = chapterNumbers.map(chapter => cellOf(chapter, wishes));
      await computeParts(
        wanted.map(chapter => all[chapterNumbers.indexOf(chapter)]!),
        {
          ...{ folder, lock, kind: chapterKind(theory), all, executor, ...followed },
          stages: chapterNumbers.map(chapter => `chapter ${chapter}` as const),
          stageOf: cell => `chapter ${chapterOf(cell)}` as const,
          settleDevice: (_, asked) => deviceForModel(prepared.checkpoint, asked),
        },
        hooks,
      );
      const stored = await storedChapters(folder);
      const done = wanted.map(chapter => stored.get(chapter)!);
      const found = wanted.filter(chapter => earlier.has(chapter));
      const passed = done.every(({ checks }) => checks.every(check => check.passed));
      return { schema: 'dualform.theory/1', signature, folder, passed, chapters: done, found };
    } finally {
      await lock.release();
    }
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    const kept = folder === undefined ? '' : `; finished chapters are kept in ${relative('.', folder) || folder}`;
    throw new Interrupted(`interrupted${kept}; the same command resumes`, { folder, cause });
  }
}

async function storedChapters(folder: string): Promise<ReadonlyMap<ChapterNumber, StoredChapter>> {
  const stored = new Map<ChapterNumber, StoredChapter>();
  for (const chapter of chapterNumbers) {
    const json = await readJson(chapterFile(folder, chapter));
    if (json !== undefined) stored.set(chapter, json as unknown as StoredChapter);
  }
  return stored;
}
