import { useEffect, useState } from 'preact/hooks';
import type { FolderEntry, Site } from '../../../../src/explore/page-data.ts';
import { ask, readJson } from '../site.ts';

/** The folders, kept up to date while the page is open and a server answers. */
export function useFolders({ server }: Site): { readonly folders?: readonly FolderEntry[]; readonly failure?: string } {
  const [folders, setFolders] = useState<readonly FolderEntry[]>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    const gone = new AbortController();
    let known = false;
    const tell = (found: readonly FolderEntry[]) => {
      known = true;
      setFolders(found);
    };
    // The first event is the list as it is now.
    const reading = server
      ? listen(gone.signal, tell)
      : readJson<readonly FolderEntry[]>('data/folders.json').then(tell);
    reading.catch((error: Error) => {
      if (!known && !gone.signal.aborted) setFailure(error.message);
    });
    return () => gone.abort();
  }, [server]);
  return { ...(folders && { folders }), ...(failure !== undefined && { failure }) };
}

/** Server-sent events; `EventSource` cannot send the token. */
async function listen(signal: AbortSignal, tell: (folders: readonly FolderEntry[]) => void): Promise<void> {
  const { body } = await ask('api/events', { signal });
  let rest = '';
  for await (const text of body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) tell(JSON.parse(data));
    }
  }
}
