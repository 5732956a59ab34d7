/**
 * @file The study of the dual form, in a folder:
 *
 *     plan.json         every choice, written first
 *     chapter-N.json    checks, findings and tables of chapter N, written when it is done
 *     chapter-N.svg     its figure
 *     provenance.json   times, memory, machine: what may differ between two runs of one plan
 */
import { join, relative } from 'node:path';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { claimFolder, makeFolder, readJson, writeText } from '../../files/run-folder.ts';
import { loadModel } from '../../model/loaded-model.ts';
import { deviceForModel } from '../../run/device-for-model.ts';
import { Interrupted } from '../../run/interrupted.ts';
import {
  deviceToResume,
  type ProvenanceFile,
  readProvenance,
  type Stopwatch,
  stopwatch,
  thisMachine,
} from '../../run/provenance.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import type { ChapterResult } from './chapter.ts';
import { chapters } from './chapters.ts';
import { type ChapterNumber, chapterNumbers } from './options.ts';
import { type PreparedTheory, prepareTheory, type TheoryOptions, upgradeTheoryPlan } from './prepare-theory.ts';

const theoryStages = chapterNumbers.map(chapter => `chapter ${chapter}` as const);
type TheoryStage = (typeof theoryStages)[number];

/** `chapter-N.json` */
export interface StoredChapter extends Omit<ChapterResult, 'figure'> {
  readonly schema: 'dualform.theory-chapter/1';
  readonly chapter: ChapterNumber;
  readonly title: string;
}

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
export async function runTheory(options: TheoryOptions = {}): Promise<TheoryResult> {
  const { signal } = options;
  let folder: string | undefined;
  try {
    const theory = await prepareTheory(options);
    const { plan, signature, wanted } = theory;
    folder = theory.folder;
    const lock = await makeFolder(folder);
    try {
      await claimFolder(folder, plan, upgradeTheoryPlan);
      const earlier = await storedChapters(folder);
      const before = readProvenance(theoryStages, await readJson(join(folder, 'provenance.json')));
      const begun = earlier.size > 0 ? before?.provenance : undefined;
      const watch = stopwatch(theoryStages, before?.timing);
      const hooks = { ...options, device: deviceToResume(folder, options.device, begun) };
      const done: StoredChapter[] = [];
      for (const chapter of wanted) {
        done.push(earlier.get(chapter) ?? (await computeChapter(theory, chapter, hooks, watch)));
        lock.check();
      }
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

/** Each chapter has its own compute process, which frees its memory. */
async function computeChapter(
  { prepared, plan, folder }: PreparedTheory,
  chapter: ChapterNumber,
  hooks: TheoryOptions,
  watch: Stopwatch<TheoryStage>,
): Promise<StoredChapter> {
  const { threads, signal, onProgress, onWarning } = hooks;
  const { title, compute } = chapters[chapter];
  const report = (doing: string, done: number, total: number) => {
    signal?.throwIfAborted();
    onProgress?.({ stage: `chapter ${chapter}, ${doing}`, done, total, unit: 'steps' });
  };
  report('equalities', 0, 1);
  const { figure, machine, ...result } = await withRuntime(
    {
      threads,
      device: await deviceForModel(prepared.checkpoint, hooks),
      signal,
      onWarning,
    },
    process =>
      releaseAfter({ runtime: process }, async ({ runtime }) => {
        const computed = await watch.time(`chapter ${chapter}`, () =>
          compute({
            seed: plan.seed,
            trainingSteps: plan.trainingSteps,
            prepared,
            runtime,
            model: () => loadModel(prepared.checkpoint, runtime),
            report,
          }),
        );
        watch.notePeak((await runtime.usage()).peakResidentBytes + ownMemory().peakResidentBytes);
        return { ...computed, machine: thisMachine(runtime) };
      }),
  );
  const stored: StoredChapter = { schema: 'dualform.theory-chapter/1', chapter, title, ...result };
  const times: ProvenanceFile<TheoryStage> = { timing: watch.read(), provenance: machine };
  await writeText(join(folder, 'provenance.json'), prettyJson(times as unknown as Json));
  if (figure !== null) await writeText(join(folder, `chapter-${chapter}.svg`), figure);
  await writeText(chapterFile(folder, chapter), prettyJson(stored as unknown as Json));
  return stored;
}
