import type { Site } from '../../../../src/explore/page-data.ts';
import { StudyList } from '../runs/folder-list.tsx';
import { FolderView } from '../runs/folder-view.tsx';
import { useFolders } from '../runs/use-folders.ts';

/** All folders but runs, or one of them. */
export function StudiesPage({ site, chosen }: { readonly site: Site; readonly chosen: string | undefined }) {
  const { folders, failure } = useFolders(site);
  if (failure !== undefined) return <p role="alert">{failure}</p>;
  if (folders === undefined) return <p>Reading…</p>;
  const studies = folders.filter(({ kind }) => kind !== 'run');
  if (chosen !== undefined) {
    const entry = studies.find(({ id }) => id === chosen);
    return entry === undefined ? <p>This folder is not there any more.</p> : <FolderView entry={entry} />;
  }
  return (
    <>
      <h1>Studies</h1>
      {studies.length === 0 ? (
        <p>There is no study here: evidence, momentum, theory, tune, train, table and sweep leave them.</p>
      ) : (
        <StudyList entries={studies} />
      )}
    </>
  );
}
