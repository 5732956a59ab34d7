/** @file Where a browser keeps files for the next time that a page is open. */
import { sha256 } from './sha256.ts';

/** The place of one file. */
export interface Keep {
  readonly kind: 'opfs' | 'cache';
  /** The copy, and the digest that it had when it was written; undefined if there is none. */
  read(): Promise<{ readonly bytes: Blob; readonly sha256: string } | undefined>;
  /** @returns the copy, which is not in memory */
  write(bytes: Blob, digest: string): Promise<Blob | undefined>;
  remove(): Promise<void>;
}

const FOLDER = 'dualform';

interface Folder {
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<Folder>;
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
}

interface FileHandle {
  getFile(): Promise<Blob>;
  createWritable?(): Promise<{
    write(data: Blob | string): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
}

interface Caches {
  open(name: string): Promise<{
    match(address: string): Promise<Response | undefined>;
    put(address: string, response: Response): Promise<void>;
    delete(address: string): Promise<boolean>;
  }>;
}

interface Browser {
  readonly navigator?: { readonly storage?: { getDirectory?(): Promise<Folder> } };
  readonly caches?: Caches;
}

/** The place of the file of an address: the first that this browser has. */
export async function openKeep(address: string, onWarning?: (message: string) => void): Promise<Keep | undefined> {
  const { navigator, caches } = globalThis as unknown as Browser;
  const name = await sha256(new TextEncoder().encode(address));
  const refused: unknown[] = [];
  for (const open of [
    () => navigator?.storage?.getDirectory && openFolder(navigator.storage.getDirectory(), name),
    () => caches && openCache(caches, name),
  ]) {
    try {
      const keep = await open();
      if (keep !== undefined) return keep;
    } catch (error) {
      refused.push(error);
    }
  }
  onWarning?.(
    `${address}: this browser keeps no files${refused.length === 0 ? '' : ` (${refused.join('; ')})`}; it stays in memory`,
  );
  return undefined;
}

/** In the origin private file system; undefined where only workers may write to it. */
async function openFolder(root: Promise<Folder>, name: string): Promise<Keep | undefined> {
  const folder = await (await root).getDirectoryHandle(FOLDER, { create: true });
  const digestName = `${name}.sha256`;
  const probe = await folder.getFileHandle(digestName, { create: true });
  if (probe.createWritable === undefined) return undefined;
  const file = async (name: string) => (await folder.getFileHandle(name)).getFile().catch(() => undefined);
  async function put(name: string, content: Blob | string): Promise<void> {
    const writable = await (await folder.getFileHandle(name, { create: true })).createWritable!();
    try {
      await writable.write(content);
      // Until then the file is as it was.
      await writable.close();
    } catch (error) {
      await writable.abort().catch(() => {});
      throw error;
    }
  }
  const remove = async () => {
    for (const each of [name, digestName]) await folder.removeEntry(each).catch(() => {});
  };
  return {
    kind: 'opfs',
    remove,
    async read() {
      const bytes = await file(name).catch(() => undefined);
      const digest = await file(digestName).catch(() => undefined);
      return bytes && digest && { bytes, sha256: await digest.text() };
    },
    async write(bytes, digest) {
      try {
        await put(name, bytes);
        await put(digestName, digest);
      } catch (error) {
        await remove();
        throw error;
      }
      return file(name);
    },
  };
}

async function openCache(caches: Caches, name: string): Promise<Keep> {
  const cache = await caches.open(FOLDER);
  // Keys are addresses; nothing is requested there.
  const key = `/${FOLDER}/${name}`;
  return {
    kind: 'cache',
    async read() {
      const response = await cache.match(key);
      return response && { bytes: await response.blob(), sha256: response.headers.get('X-SHA-256') ?? '' };
    },
    async write(bytes, digest) {
      await cache.put(key, new Response(bytes, { headers: { 'X-SHA-256': digest } }));
      return (await cache.match(key))?.blob();
    },
    async remove() {
      await cache.delete(key);
    },
  };
}
