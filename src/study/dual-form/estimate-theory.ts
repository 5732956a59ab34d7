import { readJson } from '../../files/run-folder.ts';
import type { StoredChapter } from './cell-kind.ts';
import { chapters } from './chapters.ts';
import { prepareTheory, type TheoryOptions } from './prepare-theory.ts';
import { chapterFile } from './run-theory.ts';

/** The work of the study. */
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

/** Counts the work of the study. @throws UserError as runTheory */
export async function estimateTheory(options: TheoryOptions = {}): Promise<TheoryEstimate> {
  const { prepared, plan, signature, folder, wanted } = await prepareTheory(options);
  return {
    schema: 'dualform.theory-estimate/1',
    signature,
    folder,
    chapters: await Promise.all(
      wanted.map(async chapter => {
        const { title, work, trainings = 0 } = chapters[chapter];
        const { tokens, flops } = work?.(prepared) ?? { tokens: 0, flops: 0 };
        const finished = (await readJson(chapterFile(folder, chapter))) !== undefined;
        return { chapter, title, finished, tokens, flops, trainingSteps: trainings * plan.trainingSteps };
      }),
    ),
  };
}
