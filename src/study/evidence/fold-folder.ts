import { join, resolve } from 'node:path';
import type { Json } from '../../files/canonical-json.ts';
import { writeResult, writeText } from '../../files/run-folder.ts';
import { evidenceFigures } from '../../report/evidence/evidence-figures.ts';
import { addAdditions, readAdditions } from './additions.ts';
import { foldStudy } from './fold/fold-study.ts';
import type { EvidenceResult } from './fold/result.ts';
import { readTaskData } from './read-study.ts';
import { readRegistered } from './registration.ts';
import type { StudyData } from './study-data.ts';

/**
 * What a folder holds of a study: its plan, its tokens and its arms. No model is opened.
 *
 * @throws UserError when it holds no study, or a file is not as it was written
 */
export async function readStudy(folder: string): Promise<StudyData> {
  const { plan, registered } = await readRegistered(folder);
  const tasks = [];
  for (const task of plan.tasks) tasks.push(await readTaskData(folder, plan, task));
  const additions = await readAdditions(folder, registered);
  return { plan, registered, tasks, additions: additions.filter(({ kind }) => kind === 'arm') };
}

/**
 * Folds the stored arms of a study and writes the figures and `result.json`: the same bytes each time.
 *
 * @throws UserError as `readStudy`, or when an arm is missing
 */
export async function foldFolder(folder: string): Promise<EvidenceResult> {
  const place = resolve(folder);
  const study = await readStudy(place);
  const result = await foldStudy(study);
  await addAdditions(place, study.registered, []);
  for (const { file, svg } of evidenceFigures(result)) await writeText(join(place, file), svg);
  await writeResult(place, result as unknown as Json);
  return result;
}
