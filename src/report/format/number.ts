/** @file Numbers for people. */

const COUNT = new Intl.NumberFormat('en-US');

/** 1,234,567 */
export function formatCount(n: number): string {
  return COUNT.format(Math.round(n));
}

/** 98.4 MB: decimal units, as disks and downloads count. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB']);
}

/** 3.1 TFLOP */
export function formatFlops(flops: number): string {
  return scaled(flops, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP', 'EFLOP']);
}

function scaled(value: number, units: readonly string[]): string {
  let unit = 0;
  let x = value;
  // What would round up to 1000 is shown in the next unit.
  while (x >= 999.5 && unit < units.length - 1) {
    x /= 1000;
    unit++;
  }
  return `${unit === 0 || x >= 99.95 ? Math.round(x) : x.toFixed(1)} ${units[unit]}`;
}

/** 0:07, 12:34, 1:02:03 */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 61.5 %, from a share */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** 0.1234, with a proper minus and without a negative zero */
export function formatDecimal(x: number, digits = 3): string {
  const text = x.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** 45.1 to 58.8 % */
export function formatInterval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${(100 * low).toFixed(1)} to ${formatPercent(high)}`;
}

/** 0.310 to 0.340, or why there is no interval */
export function formatBounds(
  { low, high, why }: { readonly low: number | null; readonly high: number | null; readonly why?: string },
  digits = 3,
): string {
  return low === null || high === null
    ? `no interval: ${why}`
    : `${formatDecimal(low, digits)} to ${formatDecimal(high, digits)}`;
}

/** A share that may be tiny: 34.2 %, 0.0087 %, 1.2e-7 % */
export function formatProbability(share: number): string {
  const percent = 100 * share;
  return percent === 0 || percent >= 1 ? formatPercent(share) : `${percent.toPrecision(2)} %`;
}

/** p = 0.031, p < 0.001 */
export function formatP(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

/** 1 row, 200 rows */
export function formatPlural(n: number, noun: string): string {
  return `${formatCount(n)} ${noun}${n === 1 ? '' : 's'}`;
}
