import Table from 'cli-table3';

export type Align = 'left' | 'right';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/**
 * Columns under their heads, without lines or colours; wide columns wrap where `widths` says so.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { align = [], widths = [] }: { readonly align?: readonly Align[]; readonly widths?: readonly (number | null)[] } = {},
): string {
  const table = new Table({
    head: [...head],
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => align[i] ?? 'left'),
    colWidths: [...widths],
    wordWrap: true,
  });
  table.push(...rows.map(row => [...row]));
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n');
}
