/** Plain JSON data. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSON without spaces, keys sorted: equal data gives equal text. As RFC 8785, but for lone
 * surrogates and numbers that are not finite, which its implementation `canonicalize` refuses:
 * configurations of models hold them. The package would save six lines.
 */
export function canonicalJson(value: Json): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(key => [key, sorted(value[key]!)]),
  );
}

/**
 * The first place where two values differ, as `task.shots`, with both values there; undefined when
 * they are equal. Lists of different lengths differ as a whole, others at an index: `tasks.0.k`.
 */
export function firstDifference(
  a: Json | undefined,
  b: Json | undefined,
  path = '',
): { readonly path: string; readonly a: Json | undefined; readonly b: Json | undefined } | undefined {
  if (isTable(a) && isTable(b) && a.length === b.length) return firstDifference({ ...a }, { ...b }, path);
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      // Inherited properties, as `toString`, do not count.
      const [inA, inB] = [a, b].map(each => (Object.hasOwn(each, key) ? each[key] : undefined));
      const found = firstDifference(inA, inB, path === '' ? key : `${path}.${key}`);
      if (found) return found;
    }
    return undefined;
  }
  const same = a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b);
  return same ? undefined : { path, a, b };
}

/** Whether JSON is a list of objects. */
function isTable(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether JSON is an object, not a list. */
export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
