import type { Hooks } from '../hooks.ts';
import { VERSION } from '../run/version.ts';
import { type FolderResources, folderResources } from './folder-resources.ts';
import { type ModelResources, modelResources } from './model-resources.ts';
import type { Site } from './page-data.ts';
import { jsonResource, type Resource } from './resource.ts';
import { taskResources } from './task-resources.ts';

/** All that the page reads besides its own files. */
export interface SiteData {
  /** @throws UserError when a folder or the model is missing */
  readonly check: () => Promise<void>;
  readonly find: (path: string) => Promise<Resource | undefined>;
  readonly all: () => Promise<readonly Resource[]>;
  readonly list: FolderResources['list'];
}

export interface SiteOptions {
  readonly folders: readonly string[];
  readonly model: string;
  readonly server: boolean;
}

export function siteData(options: SiteOptions, { offline, signal }: Hooks): SiteData {
  const { model, server } = options;
  let opened: Promise<ModelResources> | undefined;
  const openModel = () => {
    opened ??= modelResources(model, { offline, signal });
    return opened;
  };
  const tasks = taskResources(async () => (await openModel()).model.digest);
  const site = jsonResource('data/site.json', async (): Promise<Site> => {
    return { version: VERSION, server, model: (await openModel()).model };
  });
  const folders = folderResources(options.folders);
  const fixed = async () => [site, ...tasks, ...(await openModel()).files];
  return {
    check: async () => {
      await folders.check();
      await openModel();
    },
    find: async path => {
      const found = (await fixed()).find(resource => resource.path === path);
      return found ?? (await folders.all()).find(resource => resource.path === path);
    },
    all: async () => [...(await fixed()), ...(await folders.all())],
    list: folders.list,
  };
}
