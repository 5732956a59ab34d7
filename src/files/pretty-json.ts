import type { Json } from './canonical-json.ts';

/**
 * JSON for people: indented by two spaces, lists of plain values on one line, with a newline at the
 * end. `JSON.stringify` would give each number of a list its own line.
 */
export function prettyJson(value: Json): string {
  return `${lines(value, '')}\n`;
}

function lines(value: Json, indent: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    if (items.every(item => item === null || typeof item !== 'object')) return `[${items.map(plain).join(', ')}]`;
    return `[\n${items.map(item => inner + lines(item, inner)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${lines(item, inner)}`).join(',\n')}\n${indent}}`;
}

function plain(value: Json): string {
  return JSON.stringify(value);
}
