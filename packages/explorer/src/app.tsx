import { useEffect, useState } from 'preact/hooks';
import type { Site } from '../../../src/explore/page-data.ts';
import { LivePage } from './pages/live.tsx';
import { ReadPage } from './pages/read.tsx';
import { RunsPage } from './pages/runs.tsx';
import { StudiesPage } from './pages/studies.tsx';
import { useRoute } from './route.ts';
import { readSite } from './site.ts';

const LINKS = [
  ['runs', 'Runs'],
  ['studies', 'Studies'],
  ['live', 'Live'],
  ['read', 'How to read this'],
] as const;

export function App() {
  const route = useRoute();
  const [site, setSite] = useState<Site>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    readSite().then(setSite, (error: Error) => setFailure(error.message));
  }, []);
  const [page, ...rest] = route.path.split('/');
  const title = LINKS.find(([path]) => path === page)?.[1] ?? 'Not found';
  useEffect(() => {
    document.title = `${title} – dualform explorer`;
  }, [title]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')!.focus()}>
        Skip to the content
      </button>
      <header>
        <strong>dualform</strong>
        <nav aria-label="Pages">
          {LINKS.map(([path, name]) => (
            <a key={path} href={`#/${path}`} aria-current={path === page ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {failure !== undefined ? (
          <p class="failure" role="alert">
            {failure}
          </p>
        ) : site === undefined ? (
          <p>Reading…</p>
        ) : (
          pageOf(page!, rest, site)
        )}
      </main>
    </>
  );
}

function pageOf(page: string, rest: readonly string[], site: Site) {
  switch (page) {
    case 'runs':
      return <RunsPage site={site} chosen={rest[0]} />;
    case 'studies':
      return <StudiesPage site={site} chosen={rest[0]} />;
    case 'live':
      return <LivePage site={site} />;
    case 'read':
      return <ReadPage />;
    default:
      return <p>There is no such page.</p>;
  }
}
