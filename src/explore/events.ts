import { setTimeout as wait } from 'node:timers/promises';
import type { FolderEntry } from './page-data.ts';
import type { Route } from './server.ts';

const LOOK_EVERY_MS = 1000;

/** Server-sent events: the list of folders, now and after each change, as long as the page listens. */
export function folderEvents(list: () => Promise<readonly FolderEntry[]>): Route {
  return async ({ signal }, { send }) => {
    let last = '';
    while (!signal.aborted) {
      const now = JSON.stringify(await list());
      if (now !== last) await send(`data: ${now}\n\n`);
      last = now;
      await wait(LOOK_EVERY_MS, undefined, { signal });
    }
  };
}
