import type { Site } from '../../../../src/explore/page-data.ts';
import { currentRoute } from '../route.ts';
import { Comparison } from '../runs/comparison.tsx';
import { RunList } from '../runs/folder-list.tsx';
import { FolderView } from '../runs/folder-view.tsx';
import { useFolders } from '../runs/use-folders.ts';

/** All runs, one of them, or some side by side. */
export function RunsPage({ site, chosen }: { readonly site: Site; readonly chosen: string | undefined }) {
  const { folders, failure } = useFolders(site);
  if (failure !== undefined) return <p role="alert">{failure}</p>;
  if (folders === undefined) return <p>Reading…</p>;
  const runs = folders.filter(({ kind }) => kind === 'run');
  if (chosen === 'compare') {
    const ids = (currentRoute().parameters.get('ids') ?? '').split(',');
    const entries = ids.flatMap(id => runs.find(entry => entry.id === id) ?? []);
    return entries.length < 2 ? <p>Choose two or more runs of the list.</p> : <Comparison entries={entries} />;
  }
  if (chosen !== undefined) {
    const entry = runs.find(({ id }) => id === chosen);
    return entry === undefined ? <p>This run is not there any more.</p> : <FolderView entry={entry} />;
  }
  return (
    <>
      <h1>Runs</h1>
      {runs.length === 0 ? (
        <p>
          There is no run here. <code>dualform run</code> makes one; <code>dualform explore FOLDER</code> shows those of
          another folder.
        </p>
      ) : (
        <RunList entries={runs} />
      )}
    </>
  );
}
