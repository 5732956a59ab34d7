import { formatTable } from './table.ts';

/** A tensor as far as a list of them shows it. */
export interface TensorOutline {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Names and shapes; tensors that only differ in their layer share a line: `layers.0-29.query`. */
export function formatTensors(tensors: readonly TensorOutline[]): string {
  const groups = new Map<string, { readonly pattern: string; readonly shape: string; readonly layers: number[] }>();
  for (const { name, shape } of tensors) {
    const layer = /(?<=\blayers\.)\d+/.exec(name)?.[0];
    const pattern = layer === undefined ? name : name.replace(/(?<=\blayers\.)\d+/, '*');
    const key = `${pattern} ${shape}`;
    const group = groups.get(key) ?? { pattern, shape: `[${shape.join(', ')}]`, layers: [] };
    if (layer !== undefined) group.layers.push(Number(layer));
    groups.set(key, group);
  }
  const rows = [...groups.values()].map(({ pattern, shape, layers }) => [pattern.replace('*', ranges(layers)), shape]);
  return formatTable(['tensor', 'shape'], rows);
}

/** 0-3,7 */
function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last !== undefined && n === last[1] + 1) last[1] = n;
    else parts.push([n, n]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
