import type { Bounds } from '../statistics/interval.ts';
import { meanWithInterval } from '../statistics/paired-t.ts';
import type { PerLayer } from './per-layer.ts';

/**
 * 95 % t interval over rows of a similarity s[row][layer], whose value is the mean over layers of
 * the means over rows. Layers of one row are not independent, so a row counts as one number: with
 * L' layers with a mean m_l over n_l rows each, and n rows with a defined layer,
 *
 *     y_i = value + 1/L' sum over the row's layers of  n/n_l (s_il - m_l)
 *
 * which is the row's mean over layers if no pair of row and layer is undefined, and whose mean over
 * rows is always the value. The interval covers other rows with these demonstrations, and nothing
 * else.
 */
export function rowInterval(rows: readonly PerLayer[], perLayer: PerLayer, value: number | null): Bounds {
  if (value === null) return { low: null, high: null, why: 'there is no value' };
  const counts = perLayer.map((_, layer) => rows.reduce((n, row) => n + Number(row[layer] !== null), 0));
  const layers = perLayer.filter(mean => mean !== null).length;
  const known = rows.filter(row => row.some(each => each !== null));
  const numbers = known.map(row => {
    let sum = 0;
    for (const [layer, each] of row.entries()) {
      if (each !== null) sum += (known.length / counts[layer]!) * (each - perLayer[layer]!);
    }
    return value + sum / layers;
  });
  const found = meanWithInterval(numbers);
  if (found === null) return { low: null, high: null, why: 'fewer than two rows have a value' };
  if (found.low === null) return { low: null, high: null, why: `all ${known.length} rows have the same value` };
  return { low: found.low, high: found.high };
}
