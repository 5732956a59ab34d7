/** @file Where the cells of a study are stored: under the names of its files. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cell } from '../../cell/cell.ts';
import { nameOfCell } from '../../cell/cell.ts';
import { namedStore } from '../../cell/named-store.ts';
import type { CellStore } from '../../cell/store.ts';
import { sweepStore } from '../../cell/sweep-store.ts';
import { workFolderOf } from '../../cell/work-folder.ts';
import { syncFolder } from '../../files/atomic-file.ts';
import { fileError } from '../../files/file-bytes.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { taskFolderName } from './arm-store.ts';
import { readMatchedRates } from './matched-rates.ts';
import { armFilesOf, partIn, type RatesPart, SCHEMA, type StudyName, type UnitPart } from './part-cells.ts';

/** @param folder of the study */
export function partStore(folder: string): CellStore {
  const units = namedStore(
    folder,
    (cell, file) => join(taskFolderName((partIn(cell) as UnitPart).task), 'arms', file),
    cell => armFilesOf(partIn(cell) as UnitPart),
  );
  const storeOf = (cell: Cell): CellStore => {
    const part = partIn(cell);
    return 'matching' in part ? ratesStore(folder, part) : units;
  };
  return {
    find: cell => storeOf(cell).find(cell),
    store: (cell, computed) => storeOf(cell).store(cell, computed),
    setAside: units.setAside,
  };
}

/** Replaces a file that has some of the rates by one that has all. */
function ratesStore(folder: string, { matching }: RatesPart): Pick<CellStore, 'find' | 'store'> & CellStore {
  const find: CellStore['find'] = async () => {
    for (const [task, { steps }] of Object.entries(matching)) {
      const found = await readMatchedRates(join(folder, taskFolderName(task)));
      if (!steps.every(each => found?.rates[each] !== undefined)) return undefined;
    }
    return { status: 'done', found: true };
  };
  return {
    find,
    store: async (cell, computed) => {
      const found = await find(cell);
      for (const name of Object.keys(matching).map(taskFolderName)) {
        const place = join(folder, name);
        try {
          await makeFolders(place);
          if (found === undefined) await rename(join(computed, `${name}.json`), join(place, 'matched-rates.json'));
          await syncFolder(place);
        } catch (error) {
          throw fileError(place, error);
        }
      }
      await rm(computed, { recursive: true, force: true }).catch(() => undefined);
      return found ?? { status: 'done', found: false };
    },
    setAside: async (_, error) => {
      throw error;
    },
  };
}

/** The cell of a study in a sweep. */
export function studyCell({ options }: Pick<StudyName, 'options'>): Cell {
  return { kind: 'evidence', options, schema: SCHEMA };
}

/** Where a sweep computes a study, which keeps its arms until it is folded. */
export function studyFolderInSweep(root: string, study: Pick<StudyName, 'options'>): string {
  return join(workFolderOf(root, nameOfCell(studyCell(study))), 'out');
}

/**
 * Stores the arms of the studies of a sweep. A cell that cannot be computed sets its study aside,
 * and with it the other cells of the study.
 *
 * @param root of the sweep
 */
export function sweepPartStore(root: string): CellStore {
  const placeOf = (cell: Cell) => partStore(studyFolderInSweep(root, partIn(cell).study));
  return {
    find: async cell => (await sweepStore(root).find(studyCell(partIn(cell).study))) ?? placeOf(cell).find(cell),
    store: (cell, computed) => placeOf(cell).store(cell, computed),
    setAside: (cell, error) => sweepStore(root).setAside(studyCell(partIn(cell).study), error),
  };
}
