import type { GgufTensor } from './parse-gguf.ts';
import type { RowOrder, WeightPlan } from './plan.ts';

// Pieces of this size stay in the processor's cache and keep memory small for any tensor.
const PIECE_VALUES = 1 << 20;

/** How the values of a tensor are read, as float32. */
export interface TensorReaders {
  /** Rows from `first` on, [count, innermost size]. */
  readonly readRows: (tensor: GgufTensor, first: number, count: number) => Promise<Float32Array>;
  readonly readTensor: (tensor: GgufTensor) => Promise<Float32Array>;
}

/**
 * The values of a weight as float32 in Hugging Face's order, some rows at a time; a transposed
 * weight in one piece.
 */
export async function* weightPieces(
  { tensor, shape, layout }: WeightPlan,
  { readRows, readTensor }: TensorReaders,
): AsyncGenerator<Float32Array> {
  if (layout.transposed) {
    yield transpose(await readTensor(tensor), shape[0]!, shape[1]!);
    return;
  }
  const order = layout.order ?? { rows: 1 };
  // A vector is one row of the file, even if its values belong to the rows of a matrix.
  const vector = shape.length === 1 ? await readTensor(tensor) : undefined;
  const width = vector ? 1 : shape.at(-1)!;
  const rows = shape.reduce((product, size) => product * size, 1) / width;
  for (const { first, count } of stretches(order, rows, width)) {
    const stored = vector?.subarray(first, first + count) ?? (await readRows(tensor, first, count));
    yield shifted(ordered(stored, order, width), layout.add);
  }
}

/**
 * The rows of the file that become `rows` rows of a weight, in pieces of whole groups that are
 * consecutive in both.
 */
function* stretches(order: RowOrder, rows: number, width: number): Generator<{ first: number; count: number }> {
  const groups = rows / order.rows;
  const source = order.group ?? ((g: number) => g);
  const most = Math.max(1, Math.floor(PIECE_VALUES / (order.rows * width)));
  for (let g = 0; g < groups; ) {
    const start = source(g);
    let count = 1;
    while (count < most && g + count < groups && source(g + count) === start + count) count++;
    yield { first: start * order.rows, count: count * order.rows };
    g += count;
  }
}

/** Rows of whole groups, each group in the weight's order: [count, width]. */
function ordered(rows: Float32Array, order: RowOrder, width: number): Float32Array {
  const { row } = order;
  if (row === undefined) return rows;
  const result = new Float32Array(rows.length);
  const size = order.rows * width;
  for (let group = 0; group < rows.length; group += size) {
    for (let r = 0; r < order.rows; r++) {
      const from = group + row(r) * width;
      result.set(rows.subarray(from, from + width), group + r * width);
    }
  }
  return result;
}

function shifted(values: Float32Array, add: number | undefined): Float32Array {
  return add === undefined ? values : values.map(value => value + add);
}

/** [columns, rows] -> [rows, columns] */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let c = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++) result[r * columns + c] = values[c * rows + r]!;
  }
  return result;
}
