import { isObject, type Json } from './canonical-json.ts';

/**
 * JSON with some keys renamed; order and values stay, and missing keys are ignored.
 *
 * @param names path of each key, as `model.width`, with `*` for every key of an object; and its new
 * name
 */
export function renameKeys(value: Json, names: Readonly<Record<string, string>>): Json {
  return Object.entries(names).reduce((json, [path, name]) => renameKey(json, path.split('.'), name), value);
}

function renameKey(value: Json, [wanted, ...rest]: readonly string[], name: string): Json {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, part]): [string, Json] => {
    if (wanted !== '*' && key !== wanted) return [key, part];
    return rest.length === 0 ? [name, part] : [key, renameKey(part, rest, name)];
  });
  return Object.fromEntries(entries);
}

/** The value of an own key of an object, else undefined. */
export function valueAt(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
