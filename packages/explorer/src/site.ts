/** @file Where the page's data come from: the server that serves it, or the files of an export. */
import type { PageTask, Site } from '../../../src/explore/page-data.ts';

const KEY = 'dualform token';

/** The token in the address is kept for this tab, and taken out of the address. */
export function takeToken(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  sessionStorage.setItem(KEY, token);
  history.replaceState(null, '', '#/runs');
}

/** A request to the server or the folder of the page. @throws Error in words when there is no answer */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const token = sessionStorage.getItem(KEY);
  const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
  let response: Response;
  try {
    response = await fetch(new URL(path, document.baseURI), { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Error('The server does not answer. Is dualform explore still running?', { cause: error });
  }
  if (response.ok) return response;
  if (response.status === 401) {
    throw new Error('The token is missing or old. Open the address that dualform explore printed.');
  }
  throw new Error(`${path}: ${(await response.text()).trim() || response.statusText}`);
}

export async function readJson<T>(path: string): Promise<T> {
  return (await (await ask(path)).json()) as T;
}

export const readSite = () => readJson<Site>('data/site.json');
export const readTasks = () => readJson<readonly PageTask[]>('data/tasks.json');
