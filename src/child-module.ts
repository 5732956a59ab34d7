import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A module to run in a child process. */
export interface ChildModule {
  readonly file: string;
  /** Arguments of Node to run it. */
  readonly execArgv: readonly string[];
}

/**
 * The module `name` in the folder of the module with the URL `from`. Built code starts built code;
 * source starts source, never a build that may be out of date. Source needs the development
 * dependency tsx if Node does not strip types itself.
 */
export function childModule(name: string, from: string): ChildModule {
  const own = fileURLToPath(from);
  const extension = path.extname(own);
  const file = path.join(path.dirname(own), `${name}${extension}`);
  if (extension !== '.ts') return { file, execArgv: [] };
  if ((process.features as { readonly typescript?: string | false }).typescript)
    return { file, execArgv: ['--disable-warning=ExperimentalWarning'] };
  return { file, execArgv: ['--import', pathToFileURL(createRequire(from).resolve('tsx/esm')).href] };
}
