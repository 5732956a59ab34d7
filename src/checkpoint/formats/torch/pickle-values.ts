import type { TorchStorage, TorchTensor } from './values.ts';

/** A global name in a pickle, `module.name`. It is never resolved. */
export interface PickleGlobal {
  readonly kind: 'global';
  readonly name: string;
}

export interface PickleTuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

/**
 * A call that is recorded instead of made: its arguments, the state (attributes, for most classes)
 * and the items to be put in.
 */
export interface PickleObject {
  readonly kind: 'object';
  /** The global that would be called. */
  readonly of: string;
  readonly args: PickleValue;
  state: PickleValue | undefined;
  readonly items: Map<PickleValue, PickleValue>;
}

interface PickleSet {
  readonly kind: 'set';
  readonly items: readonly PickleValue[];
}

/**
 * A value of Python: dictionaries are maps, lists are arrays, integers past 2^53 are bigints.
 * Containers may be shared, and contain themselves.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleTuple
  | PickleSet
  | PickleGlobal
  | PickleObject
  | TorchStorage
  | TorchTensor;

/** A description of a value, for messages. */
export function describePickle(value: PickleValue | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'None';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Map) return 'a dictionary';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value !== 'object') return typeof value === 'string' ? 'a text' : `the ${typeof value} ${value}`;
  if (value.kind === 'global') return `the name ${JSON.stringify(value.name)}`;
  return value.kind === 'object' ? `an object of ${JSON.stringify(value.of)}` : `a ${value.kind}`;
}

/**
 * The attributes of an object that keeps them in a dictionary, or a dictionary itself; else
 * undefined.
 */
export function attributesOf(value: PickleValue | undefined): ReadonlyMap<PickleValue, PickleValue> | undefined {
  if (value instanceof Map) return value;
  const state = isKind(value, 'object') ? value.state : undefined;
  return state instanceof Map ? state : undefined;
}

type Kinded = Extract<PickleValue, { readonly kind: string }>;

/** Whether a value is of one of the kinds above. */
export function isKind<K extends Kinded['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<Kinded, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
