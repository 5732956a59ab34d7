import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A module that is started as a process of its own. */
export interface ChildModule {
  readonly file: string;
  /** What Node has to be told to run it. */
  readonly execArgv: readonly string[];
}

/**
 * The module `name` beside the one with the URL `from`, in the same form: built code starts built code, source starts source and never a
 * build that may be older. Source needs the development dependency tsx where Node does not strip types by itself.
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
