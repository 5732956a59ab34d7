import { type Dirent, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../error.ts';
import type { Resource } from './resource.ts';

const FOLDER = fileURLToPath(new URL('../../dist/explorer/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * The files of the page, as the build left them.
 *
 * @throws UserError when the page was not built
 */
export function pageFiles(): readonly Resource[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(FOLDER, { withFileTypes: true, recursive: true });
  } catch (cause) {
    throw new UserError(`${FOLDER}: the page of the explorer is missing; run: npm run build`, { cause });
  }
  return entries
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      const path = relative(FOLDER, file).split(sep).join('/');
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      // The build puts a hash of their content, or their version, into the paths of all but the page itself.
      return { path, type, file, unchanging: path.startsWith('assets/') };
    });
}
