import type { KeysAndValues } from '../../theory/attention-head.ts';
import { type Matrix, matrix, row, scaled, timesTransposed, type Vector } from '../../theory/matrix.ts';

/** Tokens from `from` to `to` - 1. */
export function tokensFrom({ keys, values }: KeysAndValues, from: number, to = keys.rows): KeysAndValues {
  const cut = ({ columns, data }: Matrix) => ({
    rows: to - from,
    columns,
    data: data.subarray(from * columns, to * columns),
  });
  return { keys: cut(keys), values: cut(values) };
}

/** Tokens of both, in order. */
export function joinTokens(a: KeysAndValues, b: KeysAndValues): KeysAndValues {
  const join = (x: Matrix, y: Matrix) => {
    const data = new Float64Array(x.data.length + y.data.length);
    data.set(x.data);
    data.set(y.data, x.data.length);
    return { rows: x.rows + y.rows, columns: x.columns, data };
  };
  return { keys: join(a.keys, b.keys), values: join(a.values, b.values) };
}

/** Values minus their mean. */
export function centred({ keys, values }: KeysAndValues): KeysAndValues {
  const mean = meanRow(values);
  return { keys, values: { ...values, data: values.data.map((x, at) => x - mean[at % values.columns]!) } };
}

/** Each key with the value of another token, half the sequence further on. */
export function mispaired({ keys, values }: KeysAndValues): KeysAndValues {
  const shift = Math.floor(keys.rows / 2);
  return { keys, values: matrix(values.rows, values.columns, (i, j) => row(values, (i + shift) % values.rows)[j]!) };
}

function meanRow(m: Matrix): Vector {
  const ones = new Float64Array(m.rows).fill(1);
  return scaled(timesTransposed(m, ones), 1 / m.rows);
}
