import type { VNode } from 'preact';
import type { FolderData } from './folder-data.ts';
import { readRun } from './run/run-data.ts';
import { RunView } from './run/run-view.tsx';

/** A folder as the reader sees it: its title, and its view. */
export interface FolderShown {
  readonly title: string;
  readonly view: VNode;
}

/** @throws UserError when it is not finished, or damaged */
export function showFolder(folder: FolderData): FolderShown {
  switch (folder.kind) {
    case 'run': {
      const run = readRun(folder);
      return { title: `${run.result.task.name} with ${run.result.model.name}`, view: <RunView run={run} /> };
    }
    default:
      throw new Error(`no view of ${folder.kind}`);
  }
}
