/**
 * @file The theory lab: all chapters in a folder.
 *
 *     plan.json         every choice, written first
 *     chapter-N.json    checks, findings and tables of chapter N, written when it is done
 *     chapter-N.svg     its figure
 */
import { join, relative, resolve } from 'node:path';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { valueAt } from '../../files/rename-keys.ts';
import { claimFolder, makeFolder, readJson, writeText } from '../../files/run-folder.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { loadModel } from '../../model/loaded-model.ts';
import { checkOptions } from '../../options.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { type Plan, signatureOf, upgradePlan } from '../../run/plan.ts';
import { type Prepared, prepare } from '../../run/prepare.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { attentionHead } from './attention-head.ts';
import type { Chapter, ChapterResult } from './chapter.ts';
import { implicitUpdates } from './implicit-update.ts';
import { inContextRegression } from './in-context-regression.ts';
import { linearLayer } from './linear-layer.ts';
import { type ChapterNumber, type TheoryWishes, theoryOptions } from './options.ts';
import { softmaxKernel } from './softmax-kernel.ts';

const chapters: Readonly<Record<string, Chapter>> = {
  1: linearLayer,
  2: attentionHead,
  3: inContextRegression,
  4: implicitUpdates,
  5: softmaxKernel,
};

/** Rows that are fed at most. */
const QUERIES = 4;

/** Finished chapters stay when `signal` stops the work. */
export type TheoryOptions = TheoryWishes & Hooks;

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
  /** Whether every check holds. */
  readonly passed: boolean;
  readonly chapters: readonly StoredChapter[];
  /** Chapters that were finished earlier. */
  readonly found: readonly ChapterNumber[];
}

/** Every choice that decides the numbers, whichever chapters are asked for. */
type TheoryPlan = {
  /** Its number is raised by a release that changes a number of the study. */
  readonly schema: 'dualform.theory-plan/2';
  readonly seed: number;
  readonly trainingSteps: number;
  readonly experiment: Plan;
};

/** A plan that holds a run's plan of an earlier schema, as one that holds it in today's. */
function upgradeTheoryPlan(found: Json): Json {
  const experiment = valueAt(found, 'experiment');
  return experiment === undefined ? found : { ...(found as object), experiment: upgradePlan(experiment) };
}

interface PreparedTheory {
  readonly prepared: Prepared;
  readonly plan: TheoryPlan;
  readonly signature: string;
  readonly folder: string;
  readonly wanted: readonly ChapterNumber[];
}

async function prepareTheory(options: TheoryOptions): Promise<PreparedTheory> {
  const { hooks, wishes } = splitHooks(options);
  const { out, signal, onWarning } = hooks;
  const { chapters: wanted, seed, trainingSteps, ...ofModel } = checkOptions(theoryOptions, wishes);
  signal?.throwIfAborted();
  const prepared = await prepare({ ...ofModel, limit: QUERIES }, hooks);
  signal?.throwIfAborted();
  passOnWarnings(prepared.task, onWarning);
  const plan: TheoryPlan = {
    schema: 'dualform.theory-plan/2',
    seed,
    trainingSteps,
    experiment: prepared.plan,
  };
  const signature = signatureOf(plan);
  return { prepared, plan, signature, folder: resolve(out ?? join('runs', `theory-${signature}`)), wanted };
}

/** What the theory lab would do. */
export interface TheoryEstimate {
  readonly schema: 'dualform.theory-estimate/1';
  readonly signature: string;
  readonly folder: string;
  readonly chapters: readonly (Pick<StoredChapter, 'chapter' | 'title'> & {
    readonly finished: boolean;
    /** Through the model. */
    readonly tokens: number;
    readonly flops: number;
    readonly trainingSteps: number;
  })[];
}

/** Counts the work without doing it. @throws UserError as runTheory */
export async function estimateTheory(options: TheoryOptions = {}): Promise<TheoryEstimate> {
  const { prepared, plan, signature, folder, wanted } = await prepareTheory(options);
  return {
    schema: 'dualform.theory-estimate/1',
    signature,
    folder,
    chapters: await Promise.all(
      wanted.map(async chapter => {
        const { title, work, trainings = 0 } = chapters[chapter]!;
        const { tokens, flops } = work?.(prepared) ?? { tokens: 0, flops: 0 };
        const finished = (await readJson(join(folder, `chapter-${chapter}.json`))) !== undefined;
        return { chapter, title, finished, tokens, flops, trainingSteps: trainings * plan.trainingSteps };
      }),
    ),
  };
}

/**
 * Computes the chapters of the theory lab into a folder. One that is finished there is not computed again.
 *
 * @throws UserError what the user can mend: options, model, task, the folder, the disk
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
      const done: StoredChapter[] = [];
      const found: ChapterNumber[] = [];
      for (const chapter of wanted) {
        const stored = await readJson(join(folder, `chapter-${chapter}.json`));
        if (stored === undefined) done.push(await computeChapter(theory, chapter, options));
        else {
          done.push(stored as unknown as StoredChapter);
          found.push(chapter);
        }
        lock.check();
      }
      const passed = done.every(({ checks }) => checks.every(check => check.passed));
      return { schema: 'dualform.theory/1', signature, folder, passed, chapters: done, found };
    } finally {
      await lock.release();
    }
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    const kept = folder === undefined ? '' : `; finished chapters are kept in ${relative('.', folder) || folder}`;
    throw new Interrupted(`interrupted${kept}; the same command goes on`, { folder, cause });
  }
}

/** In a compute process of its own, so that each chapter leaves no memory behind. */
async function computeChapter(
  { prepared, plan, folder }: PreparedTheory,
  chapter: ChapterNumber,
  { threads, signal, onProgress, onWarning }: TheoryOptions,
): Promise<StoredChapter> {
  const { title, compute } = chapters[chapter]!;
  const report = (doing: string, done: number, total: number) => {
    signal?.throwIfAborted();
    onProgress?.({ stage: `chapter ${chapter}, ${doing}`, done, total, unit: 'steps' });
  };
  report('equalities', 0, 1);
  const { figure, ...result } = await withRuntime(
    {
      threads,
      signal,
      onCrash: crash =>
        onWarning?.(`the compute process ended (${crash.cause}) while ${crash.doing}; trying once more`),
    },
    process =>
      releaseAfter({ runtime: process }, ({ runtime }) =>
        compute({
          seed: plan.seed,
          trainingSteps: plan.trainingSteps,
          prepared,
          runtime,
          model: () => loadModel(prepared.checkpoint, runtime),
          report,
        }),
      ),
  );
  const stored: StoredChapter = { schema: 'dualform.theory-chapter/1', chapter, title, ...result };
  if (figure !== null) await writeText(join(folder, `chapter-${chapter}.svg`), figure);
  await writeText(join(folder, `chapter-${chapter}.json`), prettyJson(stored as unknown as Json));
  return stored;
}
