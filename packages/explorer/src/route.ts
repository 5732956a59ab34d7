import { useEffect, useState } from 'preact/hooks';

/** What the address shows: `#/live?query=...` */
export interface Route {
  /** `live`, or `runs/ID`. */
  readonly path: string;
  readonly parameters: URLSearchParams;
}

export function currentRoute(): Route {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path || 'runs', parameters: new URLSearchParams(query ?? '') };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const update = () => setRoute(currentRoute());
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}

/** Puts a state into the address without a step in the history. */
export function replaceParameters(path: string, parameters: URLSearchParams): void {
  history.replaceState(null, '', `#/${path}?${parameters}`);
}
