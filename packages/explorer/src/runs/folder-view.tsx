import { useEffect, useRef, useState } from 'preact/hooks';
import type { FolderEntry } from '../../../../src/explore/page-data.ts';
import { enhance } from '../../../../src/report/page/enhance.ts';
import { ask } from '../site.ts';
import { addViewStyle } from '../view-style.ts';

/** A folder as a report shows it. The server, or the export, has made the HTML: texts in it are escaped. */
export function FolderView({ entry }: { readonly entry: FolderEntry }) {
  const place = useRef<HTMLDivElement>(null);
  const [message, setMessage] = useState<string | undefined>('Reading…');
  const { id, changed } = entry;
  useEffect(() => {
    const gone = new AbortController();
    ask(`data/folders/${id}.html`, { signal: gone.signal })
      .then(response => response.text())
      .then(
        html => {
          setMessage(undefined);
          place.current!.innerHTML = html;
          enhance(document, place.current!);
        },
        (error: Error) => {
          if (!gone.signal.aborted) setMessage(error.message);
        },
      );
    return () => gone.abort();
  }, [id, changed]);
  useEffect(addViewStyle, []);
  return (
    <article>
      <p>
        <a href={`#/${entry.kind === 'run' ? 'runs' : 'studies'}`}>All {entry.kind === 'run' ? 'runs' : 'studies'}</a>
      </p>
      <h1>{entry.kind === 'run' ? 'Run' : 'Study'}</h1>
      <h2>{entry.place}</h2>
      {message !== undefined && <p role="status">{message}</p>}
      <div class="view" ref={place} />
    </article>
  );
}
