import type { Cell, CellOptions } from '../../cell/cell.ts';
import { folderStore } from '../../cell/folder-store.ts';
import type { CellKind } from '../../cell/kind.ts';
import type { Hooks } from '../../hooks.ts';
import { memoryBytes } from '../estimate/estimate.ts';
import type { ExperimentOptions } from '../options.ts';
import { type Prepared, prepare } from '../prepare.ts';
import { runPrepared } from '../run.ts';
import { type SharedModel, shareModel } from '../shared-model.ts';

/** The cell of a task. @param folder of its run, below that of the table */
export function taskCell(folder: string, options: ExperimentOptions): Cell {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { kind: 'table', options: { folder, run: Object.fromEntries(given) }, schema: 'dualform.plan/2' };
}

/**
 * A task of `table`. Its cell is a run folder under the name of the task.
 *
 * @param made runs that are prepared already, by folder, and the model that they share
 */
export function taskKind(made?: {
  readonly prepared: ReadonlyMap<string, Prepared>;
  readonly shared: SharedModel;
}): CellKind {
  return {
    name: 'table',
    schema: 'dualform.plan/2',
    storeIn: root => folderStore(root, ({ options }) => options.folder as string),
    open: () => {
      const shared = made?.shared ?? shareModel();
      const preparedOf = async ({ folder, run }: CellOptions, hooks: Hooks) =>
        made?.prepared.get(folder as string) ??
        prepare(run as ExperimentOptions, hooks, asked => shared.open(asked, hooks));
      return {
        compute: async (options, hooks) => {
          await runPrepared(() => preparedOf(options, hooks), hooks, shared);
        },
        memoryBytes: async (options, hooks) => memoryBytes(await preparedOf(options, hooks)),
        close: async () => {
          if (made === undefined) await shared.close();
        },
      };
    },
  };
}
