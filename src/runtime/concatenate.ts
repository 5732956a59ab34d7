import { describeShape, elementCount, type TensorData } from './protocol.ts';

/**
 * Joins tensors of one type along `axis` (negative: from the end); all other dimensions must agree.
 */
export function concatenate(parts: readonly TensorData[], axis: number): TensorData {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error('nothing to concatenate');
  const at = axis < 0 ? axis + first.dims.length : axis;
  if (!(Number.isInteger(at) && at >= 0 && at < first.dims.length)) {
    throw new Error(`${describeShape(first)} has no axis ${axis}`);
  }
  for (const part of rest) {
    const fits =
      part.dims.length === first.dims.length && part.dims.every((dim, i) => i === at || dim === first.dims[i]);
    if (part.type !== first.type || !fits) {
      throw new Error(`${describeShape(first)} and ${describeShape(part)} do not fit together along axis ${axis}`);
    }
  }
  const dims = first.dims.with(
    at,
    parts.reduce((sum, part) => sum + part.dims[at]!, 0),
  );
  const size = elementCount(dims);
  const joined: TensorData =
    first.type === 'float32'
      ? { type: 'float32', dims, data: new Float32Array(size) }
      : { type: 'int32', dims, data: new Int32Array(size) };
  const rows = elementCount(dims.slice(0, at));
  let target = 0;
  for (let row = 0; row < rows; row++) {
    for (const part of parts) {
      const width = part.data.length / rows;
      joined.data.set(part.data.subarray(row * width, (row + 1) * width), target);
      target += width;
    }
  }
  return joined;
}
