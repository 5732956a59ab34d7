/**
 * @file Reads Python's pickles (protocols 2 to 4) without calling anything. Global names stay text;
 * calls are recorded as `PickleObject`, except those that the caller of `unpickle` implements.
 */
import type { PickleObject, PickleTuple, PickleValue } from './pickle-values.ts';
import { describePickle, isKind } from './pickle-values.ts';

export interface PickleRules {
  readonly fail: (what: string) => never;
  /**
   * Implemented calls, by the name of the callable. Undefined means that this form of the call is
   * not implemented.
   */
  readonly build: ReadonlyMap<string, (args: readonly PickleValue[]) => PickleValue | undefined>;
  /** The object outside of the pickle that a persistent id refers to. */
  readonly persistent: (id: PickleValue) => PickleValue;
}

// The data.pkl of large models with optimizer and dictionary stays below 10 MB.
export const MAX_PICKLE_BYTES = 64 << 20;
// About thirty opcodes per tensor, and six per entry of a vocabulary of fifty thousand. Each
// element of the stack, the memo and lists costs an opcode, so that this bounds them too.
const MAX_OPCODES = 500_000;
// A tensor takes about ten tuples, names and dictionaries; these cost more memory and time than any
// other value.
const MAX_OBJECTS = 100_000;
// Python's pickler stops at a thousand nested calls.
const MAX_MARKS = 1000;
// Seeds and counters; the longest integers of a state are 64 bits wide.
const MAX_INTEGER_BYTES = 256;
const MAX_GLOBAL_BYTES = 1024;
// Picklers write a name once and recall it from the memo.
const MAX_GLOBALS = 10_000;

/** Opcodes of protocol 0, of extensions and of protocol 5, which are refused by name. */
const REFUSED: Readonly<Record<number, string>> = {
  70: 'FLOAT',
  73: 'INT',
  76: 'LONG',
  80: 'PERSID',
  83: 'STRING',
  84: 'BINSTRING',
  85: 'SHORT_BINSTRING',
  86: 'UNICODE',
  100: 'DICT',
  103: 'GET',
  105: 'INST',
  108: 'LIST',
  111: 'OBJ',
  112: 'PUT',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  150: 'BYTEARRAY8',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

/**
 * The value that a pickle describes.
 *
 * @throws what `rules.fail` throws, when the pickle is damaged, breaks a limit or does not end
 * where the bytes end.
 */
export function unpickle(bytes: Uint8Array, rules: PickleRules): PickleValue {
  const { value, end } = unpickleFirst(bytes, rules);
  return end === bytes.length ? value : rules.fail('something follows its pickle');
}

/** The value of the pickle at the start of the bytes, and where it ends. @throws as `unpickle` */
export function unpickleFirst(
  bytes: Uint8Array,
  rules: PickleRules,
): { readonly value: PickleValue; readonly end: number } {
  const { fail } = rules;
  if (bytes.length > MAX_PICKLE_BYTES) fail(`${bytes.length} bytes, ${MAX_PICKLE_BYTES} are allowed`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const memo: PickleValue[] = [];
  let at = 0;
  let opcodes = 0;
  let objects = 0;
  let globals = 0;

  const failHere = (what: string): never => fail(`${what} (before byte ${at} of its pickle)`);
  /** Skips `length` bytes and returns where they begin. */
  const skip = (length: number): number => {
    if (length > bytes.length - at) failHere('its pickle ends early');
    at += length;
    return at - length;
  };
  const skip64 = (): number => {
    const length = view.getBigUint64(skip(8), true);
    return length > BigInt(bytes.length) ? failHere('its pickle ends early') : skip(Number(length));
  };
  const byte = (): number => bytes[skip(1)]!;
  const uint32 = (): number => view.getUint32(skip(4), true);
  const text = (start: number): string => decoder.decode(bytes.subarray(start, at));
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || end - at > MAX_GLOBAL_BYTES) failHere('a name does not end');
    const start = skip(end + 1 - at);
    return decoder.decode(bytes.subarray(start, at - 1));
  };
  const integer = (length: number): number | bigint => {
    if (length > MAX_INTEGER_BYTES) failHere(`an integer of ${length} bytes, ${MAX_INTEGER_BYTES} are allowed`);
    return signedInteger(bytes.subarray(skip(length), at));
  };

  const push = (object: PickleValue): void => {
    if (++objects > MAX_OBJECTS) failHere(`its pickle makes more than ${MAX_OBJECTS} objects`);
    stack.push(object);
  };
  const floor = (): number => marks.at(-1) ?? 0;
  const pop = (): PickleValue => {
    if (stack.length <= floor()) failHere('something is taken from an empty stack');
    return stack.pop()!;
  };
  const top = (): PickleValue => {
    if (stack.length <= floor()) failHere('something is asked of an empty stack');
    return stack.at(-1)!;
  };
  const popToMark = (): PickleValue[] => {
    const mark = marks.pop();
    return mark === undefined ? failHere('a mark is missing') : stack.splice(mark);
  };
  const tuple = (length: number): PickleTuple => {
    if (stack.length - floor() < length) failHere('something is taken from an empty stack');
    return { kind: 'tuple', items: stack.splice(stack.length - length) };
  };
  const recall = (index: number): PickleValue => {
    const value = memo[index];
    return value === undefined ? failHere(`memo ${index} is read, but was never filled`) : value;
  };
  const memorise = (index: number): void => {
    // Picklers count from 0, so that no index exceeds the number of instructions.
    if (index > opcodes) failHere(`memo ${index} is filled out of turn`);
    memo[index] = top();
  };
  const global = (module: PickleValue, name: PickleValue): PickleValue => {
    if (typeof module !== 'string' || typeof name !== 'string') return failHere('a name is no text');
    if (++globals > MAX_GLOBALS) failHere(`its pickle asks for more than ${MAX_GLOBALS} names`);
    if (module.length + name.length > MAX_GLOBAL_BYTES) failHere('a name is too long');
    return { kind: 'global', name: `${module}.${name}` };
  };
  const call = (callee: PickleValue, args: PickleValue): PickleValue => {
    if (!isKind(args, 'tuple')) return failHere(`a call with ${describePickle(args)} for its arguments`);
    if (isKind(callee, 'global')) {
      return rules.build.get(callee.name)?.(args.items) ?? unbuilt(callee.name, args);
    }
    if (isKind(callee, 'object')) return unbuilt(callee.of, args);
    return failHere(`a call of ${describePickle(callee)}`);
  };
  const fill = (target: PickleValue, items: readonly PickleValue[]): void => {
    if (items.length % 2 !== 0) failHere('a key without a value');
    const map = target instanceof Map ? target : isKind(target, 'object') ? target.items : undefined;
    if (map === undefined) failHere(`items are put into ${describePickle(target)}`);
    for (let i = 0; i < items.length; i += 2) map?.set(items[i]!, items[i + 1]!);
  };
  const append = (target: PickleValue, items: readonly PickleValue[]): void => {
    if (Array.isArray(target)) for (const item of items) target.push(item);
    // The items of other containers, such as a deque, are not needed.
    else if (!isKind(target, 'object')) failHere(`items are appended to ${describePickle(target)}`);
  };
  const setState = (target: PickleValue, state: PickleValue): void => {
    if (isKind(target, 'object')) target.state = state;
    // Attributes of a dictionary, a tensor or a global do not change their value.
    else if (typeof target !== 'object' || target === null) failHere(`a state is given to ${describePickle(target)}`);
  };

  const version = byte() === 0x80 ? byte() : failHere('it does not start as a pickle of protocol 2 or later');
  if (version < 2 || version > 4) failHere(`pickle protocol ${version} is not supported, 2 to 4 are`);

  for (;;) {
    if (++opcodes > MAX_OPCODES) failHere(`its pickle has more than ${MAX_OPCODES} instructions`);
    const opcode = byte();
    switch (opcode) {
      case 0x2e: {
        // STOP
        const value = pop();
        if (stack.length > 0 || marks.length > 0) failHere('more than one value is left');
        return { value, end: at };
      }
      case 0x95: // FRAME
        if (view.getBigUint64(skip(8), true) > BigInt(bytes.length - at)) failHere('its pickle ends early');
        break;
      case 0x28: // MARK
        if (marks.length >= MAX_MARKS) failHere(`nested deeper than ${MAX_MARKS}`);
        marks.push(stack.length);
        break;
      case 0x30: // POP
        if (stack.length === floor() && marks.length > 0) marks.pop();
        else pop();
        break;
      case 0x31: // POP_MARK
        popToMark();
        break;
      case 0x32: // DUP
        stack.push(top());
        break;

      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(skip(4), true));
        break;
      case 0x4b: // BININT1
        stack.push(byte());
        break;
      case 0x4d: // BININT2
        stack.push(view.getUint16(skip(2), true));
        break;
      case 0x8a: // LONG1
        stack.push(integer(byte()));
        break;
      case 0x8b: // LONG4
        stack.push(integer(uint32()));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(skip(8)));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(skip(uint32())));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(text(skip(byte())));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(text(skip64()));
        break;
      case 0x42: // BINBYTES
        stack.push(bytes.subarray(skip(uint32()), at));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(bytes.subarray(skip(byte()), at));
        break;
      case 0x8e: // BINBYTES8
        stack.push(bytes.subarray(skip64(), at));
        break;

      case 0x29: // EMPTY_TUPLE
        push({ kind: 'tuple', items: [] });
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        push(tuple(opcode - 0x84));
        break;
      case 0x74: // TUPLE
        push({ kind: 'tuple', items: popToMark() });
        break;
      case 0x5d: // EMPTY_LIST
        push([]);
        break;
      case 0x61: {
        // APPEND
        const item = pop();
        append(top(), [item]);
        break;
      }
      case 0x65: {
        // APPENDS
        const items = popToMark();
        append(top(), items);
        break;
      }
      case 0x7d: // EMPTY_DICT
        push(new Map());
        break;
      case 0x73: {
        // SETITEM
        const pair = tuple(2).items;
        fill(top(), pair);
        break;
      }
      case 0x75: {
        // SETITEMS
        const items = popToMark();
        fill(top(), items);
        break;
      }
      case 0x8f: // EMPTY_SET
        push({ kind: 'set', items: [] });
        break;
      case 0x90: {
        // ADDITEMS
        const items = popToMark();
        const target = top();
        if (isKind(target, 'set')) for (const item of items) (target.items as PickleValue[]).push(item);
        else append(target, items);
        break;
      }
      case 0x91: // FROZENSET
        push({ kind: 'set', items: popToMark() });
        break;

      case 0x71: // BINPUT
        memorise(byte());
        break;
      case 0x72: // LONG_BINPUT
        memorise(uint32());
        break;
      case 0x94: // MEMOIZE
        memorise(memo.length);
        break;
      case 0x68: // BINGET
        stack.push(recall(byte()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(recall(uint32()));
        break;

      case 0x63: // GLOBAL
        push(global(line(), line()));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        push(global(pop(), name));
        break;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = pop();
        push(call(pop(), args));
        break;
      }
      case 0x92: {
        // NEWOBJ_EX: keyword arguments are dropped, since no implemented call takes any
        pop();
        const args = pop();
        push(call(pop(), args));
        break;
      }
      case 0x62: {
        // BUILD
        const state = pop();
        setState(top(), state);
        break;
      }
      case 0x51: // BINPERSID
        push(rules.persistent(pop()));
        break;

      default: {
        const name = REFUSED[opcode];
        failHere(
          name === undefined
            ? `0x${opcode.toString(16).padStart(2, '0')} is no instruction of a pickle`
            : `the pickle instruction ${name} is not supported`,
        );
      }
    }
  }
}

function unbuilt(of: string, args: PickleValue): PickleObject {
  return { kind: 'object', of, args, state: undefined, items: new Map() };
}

/** Two's complement, little-endian; empty is 0. */
function signedInteger(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  const whole = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}
