import { join } from 'node:path';
import type { Cell, CellOptions } from '../../cell/cell.ts';
import type { CellKind } from '../../cell/kind.ts';
import { namedStore } from '../../cell/named-store.ts';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { writeText } from '../../files/run-folder.ts';
import type { Hooks } from '../../hooks.ts';
import { loadModel } from '../../model/loaded-model.ts';
import { lineChart } from '../../report/charts.ts';
import { memoryBytes } from '../../run/estimate/estimate.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import type { ChapterResult } from './chapter.ts';
import { chapters } from './chapters.ts';
import type { ChapterNumber, TheoryWishes } from './options.ts';
import { type PreparedTheory, prepareTheory } from './prepare-theory.ts';

/** `chapter-N.json` */
export interface StoredChapter extends Omit<ChapterResult, 'figure'> {
  /** Absent in folders of earlier versions. */
  readonly figure?: ChapterResult['figure'];
  readonly schema: 'dualform.theory-chapter/1';
  readonly chapter: ChapterNumber;
  readonly title: string;
}

const SCHEMA = 'dualform.theory-plan/2';

/** What a process takes for chapters without a model, at most; measured. */
const FLOAT64_BYTES = 620e6;

/** The cell of a chapter. */
export function cellOf(chapter: ChapterNumber, { chapters: _, ...study }: TheoryWishes): Cell {
  return { kind: 'theory', options: { chapter, study: JSON.parse(JSON.stringify(study)) }, schema: SCHEMA };
}

export function chapterOf({ options }: Cell): ChapterNumber {
  return options.chapter as ChapterNumber;
}

/**
 * A chapter of the study of the dual form. Its cell is `chapter-N.json` and its figure.
 *
 * @param theory the study of all cells, where it is prepared already
 */
export function chapterKind(theory?: PreparedTheory): CellKind {
  return {
    name: 'theory',
    schema: SCHEMA,
    storeIn: root => namedStore(root, cell => `chapter-${chapterOf(cell)}`),
    open: () => {
      let peakBytes = 0;
      const theoryOf = async ({ study }: CellOptions, hooks: Hooks): Promise<PreparedTheory> =>
        theory ?? prepareTheory({ ...(study as TheoryWishes), ...hooks });
      return {
        compute: async (options, { out, threads, device, offline, signal, onProgress, onWarning }) => {
          const { prepared, plan } = await theoryOf(options, { offline, signal });
          const chapter = options.chapter as ChapterNumber;
          const { title, compute } = chapters[chapter];
          const report = (doing: string, done: number, total: number) => {
            signal?.throwIfAborted();
            onProgress?.({ stage: `chapter ${chapter}, ${doing}`, done, total, unit: 'steps' });
          };
          report('equalities', 0, 1);
          // Each chapter has its own compute process, which frees its memory.
          const { use, ...result } = await withRuntime({ threads, device, signal, onWarning }, process =>
            releaseAfter({ runtime: process }, async ({ runtime }) => {
              const started = performance.now();
              const computed = await compute({
                ...{ seed: plan.seed, trainingSteps: plan.trainingSteps, prepared, runtime, report },
                model: () => loadModel(prepared.checkpoint, runtime),
              });
              const seconds = (performance.now() - started) / 1000;
              peakBytes = (await runtime.usage()).peakResidentBytes;
              return { ...computed, use: { seconds, tokens: 0, threads: runtime.threads, device: runtime.device } };
            }),
          );
          const stored: StoredChapter = { schema: 'dualform.theory-chapter/1', chapter, title, ...result };
          if (result.figure !== null) await writeText(join(out, 'result.svg'), lineChart(result.figure));
          await writeText(join(out, 'result.json'), prettyJson(stored as unknown as Json));
          return use;
        },
        peakMemoryBytes: async () => ownMemory().peakResidentBytes + peakBytes,
        memoryBytes: async (options, hooks) =>
          Math.max(FLOAT64_BYTES, memoryBytes((await theoryOf(options, hooks)).prepared)),
        close: async () => undefined,
      };
    },
  };
}
