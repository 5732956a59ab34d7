/** The numbers of a chart as a table. */
export interface Numbers {
  readonly head: readonly string[];
  readonly rows: readonly (readonly NumberCell[])[];
}

/** A text, or a number with all its digits beside what is shown. */
export type NumberCell = string | { readonly shown: string; readonly value: number };

/** At most five digits: 0.26171, 1.2e-7, with a proper minus. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-4 || size >= 1e6) ? size.toExponential(2) : String(Number(size.toPrecision(5)));
  return value < 0 ? `\u2212${text}` : text;
}

/** `0.26 (0.25 to 0.27)`; a dash for a number that is not there. */
export function withBounds(
  value: number | null | undefined,
  low?: number | null | undefined,
  high?: number | null | undefined,
): string {
  if (value === null || value === undefined) return '–';
  const text = shortNumber(value);
  return low == null || high == null ? text : `${text} (${shortNumber(low)} to ${shortNumber(high)})`;
}

/** A number with its bounds as text; without bounds, with all its digits. */
export function numberCell(
  value: number | null | undefined,
  low?: number | null | undefined,
  high?: number | null | undefined,
): NumberCell {
  const shown = withBounds(value, low, high);
  return value == null || (low != null && high != null) ? shown : { shown, value };
}
