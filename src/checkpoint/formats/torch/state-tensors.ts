import { UserError } from '../../../error.ts';
import { isStoredType, type TensorLocation } from '../../checkpoint.ts';
import { describePickle, isKind, type PickleValue } from './pickle-values.ts';
import type { TorchTensor } from './values.ts';

/** The tensors of a state dictionary. */
export interface TorchTensors {
  /** Contiguous ones that can be weights. */
  readonly weights: ReadonlyMap<string, TensorLocation>;
  /** Strided ones that can be weights after a copy (`dense-views.ts`). */
  readonly views: ReadonlyMap<string, StridedView>;
  /** All other named values except single numbers and texts: name to type. */
  readonly others: ReadonlyMap<string, string>;
}

/** A weight that is not stored row by row, such as a transposed matrix. */
export interface StridedView extends TensorLocation {
  /**
   * Numbers from one index to the next, for each dimension. `length` reaches from the first number
   * to the last.
   */
  readonly strides: readonly number[];
}

/**
 * The tensors of a state dictionary, by their names in it. Single numbers and texts are left out:
 * they are not weights, and torch ignores them too.
 *
 * @throws UserError when a name is not a text.
 */
export function stateTensors(file: string, state: ReadonlyMap<PickleValue, PickleValue>): TorchTensors {
  const weights = new Map<string, TensorLocation>();
  const views = new Map<string, StridedView>();
  const others = new Map<string, string>();
  for (const [name, value] of state) {
    if (typeof name !== 'string') {
      throw new UserError(`${file}: ${describePickle(name)} found where the name of a tensor is expected`);
    }
    if (value === null || ['number', 'bigint', 'boolean', 'string'].includes(typeof value)) continue;
    if (!isKind(value, 'tensor')) others.set(name, describePickle(value));
    else if (!isStoredType(value.dtype)) others.set(name, value.dtype);
    else if (value.contiguous) weights.set(name, locate(file, name, { ...value, dtype: value.dtype }));
    else if (isLargerThanStored(value)) others.set(name, `a view with strides [${value.strides.join(', ')}]`);
    else views.set(name, { ...locate(file, name, { ...value, dtype: value.dtype }), strides: value.strides });
  }
  return { weights, views, others };
}

// Masks are expanded views, often with the square of the context as size: not weights, and not
// worth a copy.
const MOST_EXPANDED = 1 << 26;

/** Whether a view repeats numbers and is large. */
function isLargerThanStored({ shape, strides }: TorchTensor): boolean {
  return strides.includes(0) && shape.reduce((product, size) => product * size, 1) > MOST_EXPANDED;
}

function locate(
  file: string,
  name: string,
  { dtype, shape, offset, length }: TorchTensor & Pick<TensorLocation, 'dtype'>,
): TensorLocation {
  return { name, dtype, shape, file, offset, length };
}
