import type { GgufTensor } from './parse-gguf.ts';
import type { RowOrder, WeightPlan } from './plan.ts';
import { rowCount } from './rows.ts';

// Pieces of this size stay in the processor's cache and keep memory small for any tensor.
const PIECE_VALUES = 1 << 20;

/** How the values of a tensor are read, as float32. */
export interface TensorReaders {
  /** Rows from `first` on, [count, innermost size]. */
  readonly readRows: (tensor: GgufTensor, first: number, count: number) => Promise<Float32Array>;
  readonly readTensor: (tensor: GgufTensor) => Promise<Float32Array>;
}

/** Values of a weight that follow from consecutive rows of its tensor. */
export interface WeightPart {
  /** The first row to read, and how many. */
  readonly first: number;
  readonly count: number;
  /** How many values they become. */
  readonly values: number;
  /** The values of the rows as float32 in Hugging Face's order; absent where they are in it as stored. */
  readonly arrange?: (stored: Float32Array) => Float32Array;
}

/** The parts of a weight in its order, some rows each; one part where rows of the tensor are not rows of the weight. */
export function weightParts({ tensor, shape, layout }: WeightPlan): readonly WeightPart[] {
  const values = shape.reduce((product, size) => product * size, 1);
  const { order = { rows: 1 }, add } = layout;
  const whole = { first: 0, count: rowCount(tensor), values };
  if (layout.transposed) return [{ ...whole, arrange: stored => transpose(stored, shape[0]!, shape[1]!) }];
  if (shape.length === 1) {
    // A vector is one row of the file, even if its values belong to the rows of a matrix.
    const pieces = [...stretches(order, values, 1)];
    const arrange = (stored: Float32Array) => {
      const result = new Float32Array(values);
      let at = 0;
      for (const { first, count } of pieces) {
        result.set(ordered(stored.subarray(first, first + count), order, 1), at);
        at += count;
      }
      return shifted(result, add);
    };
    return [{ ...whole, arrange }];
  }
  const width = shape.at(-1)!;
  const isAsStored = order.row === undefined && add === undefined;
  return [...stretches(order, values / width, width)].map(({ first, count }) => ({
    first,
    count,
    values: count * width,
    ...(!isAsStored && { arrange: (stored: Float32Array) => shifted(ordered(stored, order, width), add) }),
  }));
}

/** The values of a weight, part by part. */
export async function* weightPieces(
  plan: WeightPlan,
  { readRows }: Pick<TensorReaders, 'readRows'>,
): AsyncGenerator<Float32Array> {
  for (const { first, count, arrange } of weightParts(plan)) {
    const stored = await readRows(plan.tensor, first, count);
    yield arrange === undefined ? stored : arrange(stored);
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
