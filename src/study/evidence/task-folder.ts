import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import { errorCode, fileError } from '../../files/file-bytes.ts';
import { writeText } from '../../files/run-folder.ts';
import { type ArmStore, armStore, armsFolder, taskFolder } from './arm-store.ts';
import type { StudyInputs, TaskInputs } from './study-inputs.ts';
import { evidenceTokenLines, type TaskSequences, taskSequences } from './tokens.ts';

/** A task of a study in its folder. */
export interface TaskFolder {
  readonly sequences: TaskSequences;
  readonly store: ArmStore;
  readonly folder: string;
}

/**
 * Writes `tokens.jsonl`, or checks it.
 *
 * @param folder of the study
 * @throws UserError when it holds other tokens, or the disk refuses
 */
export async function openTaskFolder(folder: string, inputs: StudyInputs, task: TaskInputs): Promise<TaskFolder> {
  const sequences = taskSequences(inputs, task);
  const own = taskFolder(folder, task.plan);
  const lines = evidenceTokenLines(sequences).map(line => `${JSON.stringify(line)}\n`);
  await keepTokens(join(own, 'tokens.jsonl'), lines.join(''));
  return {
    sequences,
    store: armStore(armsFolder(folder, task.plan), inputs.plan.sizes, task.plan),
    folder: own,
  };
}

async function keepTokens(file: string, text: string): Promise<void> {
  const found = await readFile(file, 'utf8').catch(error => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw fileError(file, error);
  });
  if (found === text) return;
  if (found === undefined) return writeText(file, text);
  throw new UserError(`${file}: holds other token ids than this study feeds`, {
    remedy: 'it was changed, or another version of the program made them; give another `out`',
  });
}
