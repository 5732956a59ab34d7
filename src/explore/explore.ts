import { type Hooks, splitHooks } from '../hooks.ts';
import { checkOptions } from '../options.ts';
import { folderEvents } from './events.ts';
import { exportPage } from './export.ts';
import { machineLab } from './machine-lab.ts';
import { MODEL_FOLDER } from './model-resources.ts';
import { type ExploreOptions, exploreOptions } from './options.ts';
import { pageFiles } from './page-files.ts';
import { startServer } from './server.ts';
import { siteData } from './site-data.ts';

/** What the page shows and computes with; `open` is left to the caller. */
export type ExploreJob = Omit<ExploreOptions, 'open' | 'export'> & {
  /** Folders that commands left, or that hold such folders. */
  readonly folders?: readonly string[];
} & Pick<Hooks, 'threads' | 'device' | 'offline' | 'signal' | 'onWarning'>;

export interface Explorer {
  readonly port: number;
  /** Of the page, with the token that its data need. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/**
 * Serves the page on 127.0.0.1 until it is closed.
 *
 * @throws UserError when the page was not built, a folder is missing, or the port is taken
 */
export async function explore(job: ExploreJob = {}): Promise<Explorer> {
  const { hooks, folders, port, model } = prepare(job);
  const lab = machineLab(model, hooks);
  const data = siteData({ folders, model, server: true }, hooks);
  await data.check();
  const server = await startServer({
    port,
    page: pageFiles(),
    data: data.find,
    // Whoever knows the digest of the model may read it: workers fetch without the token.
    openFolder: MODEL_FOLDER,
    routes: {
      'POST api/compute': { type: 'application/x-ndjson', answer: lab.route },
      'GET api/events': { type: 'text/event-stream', answer: folderEvents(data.list) },
    },
  });
  return {
    port: server.port,
    address: server.address,
    close: async () => {
      await server.close();
      await lab.close();
    },
  };
}

/**
 * Writes the page as static files, its data and its model included.
 *
 * @param out a folder that is missing or empty
 * @returns number and bytes of the files
 * @throws UserError when the page was not built, a folder is missing, or `out` holds something
 */
export async function exportExplorer(
  out: string,
  job: Omit<ExploreJob, 'port'> = {},
): Promise<{ readonly files: number; readonly bytes: number }> {
  const { hooks, folders, model } = prepare(job);
  const data = siteData({ folders, model, server: false }, hooks);
  await data.check();
  return exportPage(out, [...pageFiles(), ...(await data.all())], hooks);
}

function prepare(job: ExploreJob) {
  const { hooks, wishes } = splitHooks(job);
  const { folders = [], ...options } = wishes;
  return { hooks, folders, ...checkOptions(exploreOptions, options) };
}
