import { join } from 'node:path';
import type { Cell } from '../../cell/cell.ts';
import type { PartsCount } from '../../cell/parts.ts';
import { folderOfCell } from '../../cell/sweep-store.ts';
import { readJson } from '../../files/run-folder.ts';
import { fileNameOf } from './arm.ts';
import { armStore, armsFolder } from './arm-store.ts';
import { studyFolderInSweep } from './part-store.ts';
import type { EvidencePlan } from './plan.ts';

/** Counts the arms of a study of a sweep; undefined before its plan is registered. */
export async function countArms(cell: Cell, root: string): Promise<PartsCount | undefined> {
  for (const folder of [folderOfCell(root, cell), studyFolderInSweep(root, cell)]) {
    const plan = (await readJson(join(folder, 'plan.json'))) as EvidencePlan | undefined;
    if (plan !== undefined) return countIn(folder, plan);
  }
  return undefined;
}

async function countIn(folder: string, { sizes, tasks }: EvidencePlan): Promise<PartsCount> {
  let [total, done] = [0, 0];
  for (const task of tasks) {
    const stored = await armStore(armsFolder(folder, task), sizes, task).stored();
    total += task.arms.length;
    done += task.arms.filter(id => stored.has(fileNameOf({ id }))).length;
  }
  return { total, done };
}
