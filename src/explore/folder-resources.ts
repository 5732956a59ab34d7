import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../error.ts';
import type { Json } from '../files/canonical-json.ts';
import { valueAt } from '../files/rename-keys.ts';
import { readJson } from '../files/run-folder.ts';
import type { FolderData } from '../report/folder-data.ts';
import { folderHtml } from '../report/page/folder-html.ts';
import { VIEW_STYLE } from '../report/page/page-style.ts';
import { visibleData } from '../report/page/visible-text.ts';
import { type FoundFolder, findFolders, readFolder } from './folders.ts';
import type { FolderEntry } from './page-data.ts';
import { jsonResource, type Resource } from './resource.ts';
import { withTexts } from './token-texts.ts';

/** Where commands write unless they are told otherwise. */
const USUAL = 'runs';

/** The folders below some roots, as the page lists and shows them. */
export interface FolderResources {
  /** @throws UserError when a root is missing */
  readonly check: () => Promise<void>;
  readonly list: () => Promise<readonly FolderEntry[]>;
  /** The list, the style of the views, and of each folder its view and its data. */
  readonly all: () => Promise<readonly Resource[]>;
}

/** @param roots folders of commands, or that hold such folders; `runs`, which may be missing, unless given */
export function folderResources(roots: readonly string[]): FolderResources {
  async function find(): Promise<readonly FoundFolder[]> {
    const found = await Promise.all((roots.length > 0 ? roots : [USUAL]).map(foldersBelow));
    return [...new Map(found.flat().map(each => [each.folder, each])).values()];
  }
  const list = async () => Promise.all((await find()).map(entryOf));
  return {
    check: async () => {
      for (const root of roots) {
        if ((await stat(root).catch(() => undefined))?.isDirectory()) continue;
        throw new UserError(`${root}: there is no such folder`, { remedy: 'name a folder that a command has written' });
      }
    },
    list,
    all: async () => [
      jsonResource('data/folders.json', list),
      { path: 'data/views.css', type: 'text/css; charset=utf-8', make: async () => VIEW_STYLE },
      ...(await find()).flatMap(resourcesOf),
    ],
  };
}

/** The folders below a root. What lies elsewhere is left out, though a link leads there. */
async function foldersBelow(root: string): Promise<readonly FoundFolder[]> {
  const real = await realpath(root).catch(() => undefined);
  if (real === undefined) return [];
  const found = await findFolders(real);
  const inside = await Promise.all(
    found.map(async each => {
      const path = await realpath(each.folder);
      return path === real || path.startsWith(`${real}${sep}`);
    }),
  );
  return found.filter((_, i) => inside[i]);
}

function resourcesOf({ folder }: FoundFolder): readonly Resource[] {
  const id = idOf(folder);
  const read = async (): Promise<FolderData> => {
    await requireOwnFiles(folder);
    return withTexts(await readFolder(folder));
  };
  return [
    { path: `data/folders/${id}.html`, type: 'text/html; charset=utf-8', make: async () => viewOf(await read()) },
    jsonResource(`data/folders/${id}.json`, async () => visibleData(await read())),
  ];
}

/** The view of a folder as HTML, or the reason why there is none. */
function viewOf(folder: FolderData): string {
  try {
    return folderHtml(folder);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `<p>${escaped(error.message)}</p>`;
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** A file that is a link could show any file of this machine. */
async function requireOwnFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const link = entries.find(entry => entry.isSymbolicLink());
  if (link === undefined) return;
  throw new UserError(`${join(folder, link.name)}: a symbolic link, which is not followed; put the file there`);
}

/** Names a folder without telling its path, alike at every start. */
function idOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16);
}

async function entryOf({ folder, kind }: FoundFolder): Promise<FolderEntry> {
  const result = await readIfThere(join(folder, 'result.json'));
  const at = (...path: readonly string[]) => path.reduce<Json | undefined>((value, key) => valueAt(value, key), result);
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : null);
  const number = (value: Json | undefined) => (typeof value === 'number' ? value : null);
  const changed = await stat(result === undefined ? folder : join(folder, 'result.json'));
  return {
    id: idOf(folder),
    name: basename(folder),
    place: relative(resolve('.'), folder).startsWith('..') ? basename(folder) : relative(resolve('.'), folder),
    kind,
    state: result !== undefined || kind === 'sweep' || kind === 'theory' ? 'finished' : 'unfinished',
    written: result === undefined ? await sizeOf(join(folder, 'examples.jsonl')) : null,
    changed: changed.mtimeMs,
    model: text(at('model', 'name')),
    task: text(at('task', 'name')),
    shots: number(at('task', 'shots')),
    seed: number(at('task', 'seed')),
    learningRate: number(at('finetuning', 'learningRate')),
    accuracy: {
      'zero-shot': number(at('accuracy', 'zero-shot')),
      'in-context': number(at('accuracy', 'in-context')),
      finetuned: number(at('accuracy', 'finetuned')),
    },
    simAOU: number(at('simAOU', 'value')),
  };
}

/** Of a file that may be missing; what is damaged shows in the view of its folder. */
async function readIfThere(file: string): Promise<Json | undefined> {
  return readJson(file).catch(() => undefined);
}

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    ({ size }) => size,
    () => null,
  );
}
