import { UserError } from '../../error.ts';
import { isJsonMap, parseStrictJson, type StrictJson } from '../../files/strict-json.ts';

/**
 * The shard of every tensor, as `X.safetensors.index.json` or `X.bin.index.json` lists it. Shards
 * have the extension that the name of the index has.
 *
 * @throws UserError when the index breaks the format, or the name of a shard points out of the
 * folder or has another extension
 */
export function parseWeightMap(file: string, bytes: Uint8Array): ReadonlyMap<string, string> {
  const fail: (what: string) => never = refusal(file);
  const extension = /\.[^./\\]*(?=\.index\.json$)/.exec(file)?.[0] ?? '';
  let root: StrictJson = null;
  try {
    root = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    fail(error instanceof SyntaxError ? error.message : 'not valid UTF-8');
  }
  const map = isJsonMap(root) ? root.get('weight_map') : undefined;
  if (!isJsonMap(map)) return fail('weight_map is missing or not an object');
  if (map.size === 0) fail('weight_map is empty');
  const listed = new Map<string, string>();
  for (const [name, shard] of map) {
    if (typeof shard !== 'string' || !isPlainName(shard)) {
      return fail(`the file of tensor ${JSON.stringify(name)} is not a plain file name in the same folder`);
    }
    if (!shard.endsWith(extension)) return fail(`${JSON.stringify(shard)} is not a ${extension} file`);
    listed.set(name, shard);
  }
  return listed;
}

/** The shards that an index names, sorted. */
export function shardsOf(weightMap: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set(weightMap.values())].sort();
}

/** Throws an error that names the index. */
export function refusal(indexFile: string) {
  return (what: string): never => {
    throw new UserError(`${indexFile}: not a valid index: ${what}; fetch it again`);
  };
}

// Hugging Face writes shards next to the index; a separator, a drive or a dot name could point out
// of the folder.
function isPlainName(name: string): boolean {
  return name !== '' && !/[/\\:\0]/.test(name) && !name.startsWith('..');
}
