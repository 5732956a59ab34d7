import type { Hooks } from '../hooks.ts';
import { VERSION } from '../run/version.ts';
import { type ModelResources, modelResources, type PageModel } from './model-resources.ts';
import { jsonResource, type Resource } from './resource.ts';
import { taskResources } from './task-resources.ts';

/** The first document that the page reads. */
export interface Site {
  readonly version: string;
  /** Whether a server answers, which can compute too. */
  readonly server: boolean;
  readonly model: PageModel;
}

/** All that the page reads besides its own files. */
export interface SiteData {
  /** @throws UserError when a folder or the model is missing */
  readonly check: () => Promise<void>;
  readonly find: (path: string) => Promise<Resource | undefined>;
  readonly all: () => Promise<readonly Resource[]>;
}

export function siteData(
  { model, server }: { readonly folders: readonly string[]; readonly model: string; readonly server: boolean },
  { offline, signal }: Hooks,
): SiteData {
  let opened: Promise<ModelResources> | undefined;
  const openModel = () => {
    opened ??= modelResources(model, { offline, signal });
    return opened;
  };
  const tasks = taskResources(async () => (await openModel()).model.digest);
  const site = jsonResource('data/site.json', async (): Promise<Site> => {
    return { version: VERSION, server, model: (await openModel()).model };
  });
  const all = async () => [site, ...tasks, ...(await openModel()).files];
  return {
    check: async () => {
      await openModel();
    },
    find: async path => (await all()).find(resource => resource.path === path),
    all,
  };
}
