import { describe, expect, test } from 'vitest';
import {
  build,
  call,
  dictionary,
  global,
  integer,
  list,
  MARK,
  none,
  pickle,
  text,
  tuple,
} from '../../../../test/torch-archive.ts';
import { UserError } from '../../../error.ts';
import { unpickle } from './pickle.ts';
import { attributesOf, isKind, type PickleValue } from './pickle-values.ts';

function read(bytes: Uint8Array): PickleValue {
  return unpickle(bytes, {
    fail: what => {
      throw new UserError(`x: ${what}`);
    },
    build: new Map([['known.sum', ([a, b]) => (typeof a === 'number' && typeof b === 'number' ? a + b : undefined)]]),
    persistent: id => (isKind(id, 'tuple') ? 'outside' : null),
  });
}

function refusal(bytes: Uint8Array): string {
  let error: unknown;
  try {
    read(bytes);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  return message;
}

/**
 * `{ 'none': None, 'true': True, 'ints': [...], ... }` as `pickle.dumps(value, protocol)` of Python
 * writes it.
 */
const PYTHON: readonly [number, string][] = [
  [
    2,
    'gAJ9cQAoWAQAAABub25lcQFOWAQAAAB0cnVlcQKIWAQAAABpbnRzcQNdcQQoSwBL/03//0r/////Sv///39KAAAAgIoGAAAAAAABiggAAAAAAAAAgIoLAAAAAAAAAAAAAAFlWAUAAABmbG9hdHEFRz/4AAAAAAAAWAQAAAB0ZXh0cQZYCwAAAG5hw692ZSDwn5mCcQdYBQAAAHR1cGxlcQgpWAIAAAB0MXEJSwGFcQpYAgAAAHQycQtLAVgBAAAAYnEMhnENWAIAAAB0M3EOSwFLAksDh3EPWAIAAAB0NHEQKEsBSwJLA0sEdHERWAkAAABfX3Byb3RvX19xElgDAAAAa2V5cRNYBgAAAHNoYXJlZHEUXXEVKF1xFlgBAAAAc3EXYWgWZVgEAAAAbG9vcHEYXXEZKEsBaBllWAcAAABvcmRlcmVkcRpjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcRspUnEcKGgMSwFYAQAAAGFxHUsCdVgCAAAAbnNxHmNhcmdwYXJzZQpOYW1lc3BhY2UKcR8pgXEgfXEhWAUAAABoZWFkc3EiSwRzYksDWAUAAAB0aHJlZXEjWAUAAABieXRlc3EkY19jb2RlY3MKZW5jb2RlCnElWAMAAAAAw79xJlgGAAAAbGF0aW4xcSeGcShScSlYAwAAAHNldHEqY19fYnVpbHRpbl9fCnNldApxK11xLEsBYYVxLVJxLlgGAAAAZnJvemVucS9jX19idWlsdGluX18KZnJvemVuc2V0CnEwXXExSwJhhXEyUnEzWAcAAABjb21wbGV4cTRjX19idWlsdGluX18KY29tcGxleApxNUc/8AAAAAAAAEdAAAAAAAAAAIZxNlJxN3Uu',
  ],
  [
    3,
    'gAN9cQAoWAQAAABub25lcQFOWAQAAAB0cnVlcQKIWAQAAABpbnRzcQNdcQQoSwBL/03//0r/////Sv///39KAAAAgIoGAAAAAAABiggAAAAAAAAAgIoLAAAAAAAAAAAAAAFlWAUAAABmbG9hdHEFRz/4AAAAAAAAWAQAAAB0ZXh0cQZYCwAAAG5hw692ZSDwn5mCcQdYBQAAAHR1cGxlcQgpWAIAAAB0MXEJSwGFcQpYAgAAAHQycQtLAVgBAAAAYnEMhnENWAIAAAB0M3EOSwFLAksDh3EPWAIAAAB0NHEQKEsBSwJLA0sEdHERWAkAAABfX3Byb3RvX19xElgDAAAAa2V5cRNYBgAAAHNoYXJlZHEUXXEVKF1xFlgBAAAAc3EXYWgWZVgEAAAAbG9vcHEYXXEZKEsBaBllWAcAAABvcmRlcmVkcRpjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcRspUnEcKGgMSwFYAQAAAGFxHUsCdVgCAAAAbnNxHmNhcmdwYXJzZQpOYW1lc3BhY2UKcR8pgXEgfXEhWAUAAABoZWFkc3EiSwRzYksDWAUAAAB0aHJlZXEjWAUAAABieXRlc3EkQwIA/3ElWAMAAABzZXRxJmNidWlsdGlucwpzZXQKcSddcShLAWGFcSlScSpYBgAAAGZyb3plbnErY2J1aWx0aW5zCmZyb3plbnNldApxLF1xLUsCYYVxLlJxL1gHAAAAY29tcGxleHEwY2J1aWx0aW5zCmNvbXBsZXgKcTFHP/AAAAAAAABHQAAAAAAAAACGcTJScTN1Lg==',
  ],
  [
    4,
    'gASVvAEAAAAAAAB9lCiMBG5vbmWUTowEdHJ1ZZSIjARpbnRzlF2UKEsAS/9N//9K/////0r///9/SgAAAICKBgAAAAAAAYoIAAAAAAAAAICKCwAAAAAAAAAAAAABZYwFZmxvYXSURz/4AAAAAAAAjAR0ZXh0lIwLbmHDr3ZlIPCfmYKUjAV0dXBsZZQpjAJ0MZRLAYWUjAJ0MpRLAYwBYpSGlIwCdDOUSwFLAksDh5SMAnQ0lChLAUsCSwNLBHSUjAlfX3Byb3RvX1+UjANrZXmUjAZzaGFyZWSUXZQoXZSMAXOUYWgWZYwEbG9vcJRdlChLAWgZZYwHb3JkZXJlZJSMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpQoaAxLAYwBYZRLAnWMAm5zlIwIYXJncGFyc2WUjAlOYW1lc3BhY2WUk5QpgZR9lIwFaGVhZHOUSwRzYksDjAV0aHJlZZSMBWJ5dGVzlEMCAP+UjANzZXSUj5QoSwGQjAZmcm96ZW6UKEsCkZSMB2NvbXBsZXiUjAhidWlsdGluc5SMB2NvbXBsZXiUk5RHP/AAAAAAAABHQAAAAAAAAACGlFKUdS4=',
  ],
];

describe.each(PYTHON)('a pickle of Python, protocol %i', (protocol, base64) => {
  const value = read(Buffer.from(base64, 'base64')) as Map<PickleValue, PickleValue>;

  test.each<[PickleValue, unknown]>([
    ['none', null],
    ['true', true],
    ['ints', [0, 255, 65535, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, -(2n ** 63n), 2n ** 80n]],
    ['float', 1.5],
    ['text', 'naïve 🙂'],
    ['tuple', { kind: 'tuple', items: [] }],
    ['t1', { kind: 'tuple', items: [1] }],
    ['t2', { kind: 'tuple', items: [1, 'b'] }],
    ['t3', { kind: 'tuple', items: [1, 2, 3] }],
    ['t4', { kind: 'tuple', items: [1, 2, 3, 4] }],
    ['__proto__', 'key'],
    [3, 'three'],
  ])('%s', (key, expected) => {
    expect(value.get(key)).toEqual(expected);
  });

  test('what is shared stays one thing, and a list may hold itself', () => {
    const [a, b] = value.get('shared') as PickleValue[];
    expect(a).toEqual(['s']);
    expect(b).toBe(a);
    const loop = value.get('loop') as PickleValue[];
    expect(loop[1]).toBe(loop);
  });

  test('what would be called stays written down', () => {
    expect(attributesOf(value.get('ns'))).toEqual(new Map([['heads', 4]]));
    expect(value.get('complex')).toMatchObject({
      kind: 'object',
      of: protocol === 2 ? '__builtin__.complex' : 'builtins.complex',
      args: { items: [1, 2] },
    });
    const ordered = value.get('ordered');
    expect(isKind(ordered, 'object') && [...ordered.items]).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
    if (protocol > 2) expect([...(value.get('bytes') as Uint8Array)]).toEqual([0, 255]);
    if (protocol === 4) expect(value.get('frozen')).toEqual({ kind: 'set', items: [2] });
    if (protocol === 4) expect(value.get('set')).toEqual({ kind: 'set', items: [1] });
  });
});

describe('calls', () => {
  test('are built where they are known, in the form that is known', () => {
    expect(read(pickle(call(global('known', 'sum'), integer(2), integer(3))))).toBe(5);
    expect(read(pickle(call(global('known', 'sum'), none)))).toMatchObject({ kind: 'object', of: 'known.sum' });
  });

  test('of os.system, eval and what comes of them are text', () => {
    const system = call(global('os', 'system'), text('touch /tmp/dualform-was-here'));
    expect(read(pickle(system))).toMatchObject({ kind: 'object', of: 'os.system' });
    expect(read(pickle(call(system, text('x'))))).toMatchObject({ kind: 'object', of: 'os.system' });
    expect(read(pickle(build(call(global('builtins', 'eval'), text('1')), dictionary({}))))).toMatchObject({
      of: 'builtins.eval',
      state: new Map(),
    });
  });

  test('names of this language are names', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(read(pickle(global(name, name)))).toEqual({ kind: 'global', name: `${name}.${name}` });
      const value = read(pickle(dictionary({ [name]: integer(1) }))) as Map<PickleValue, PickleValue>;
      expect([...value]).toEqual([[name, 1]]);
    }
    const polluted = Buffer.concat([
      Buffer.from('}'),
      text('__proto__'),
      dictionary({ evil: integer(1) }),
      Buffer.from('s'),
    ]);
    expect((read(pickle(polluted)) as Map<string, unknown>).get('__proto__')).toBeInstanceOf(Map);
    expect(({} as Record<string, unknown>).evil).toBeUndefined();
  });
});

describe('refuses', () => {
  const bytes = (codes: string) => pickle(Buffer.from(codes, 'latin1'));

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'its pickle ends early'],
    ['protocol 0', Buffer.from('I1\n.'), 'does not start as a pickle'],
    ['protocol 5', Buffer.from('\x80\x05N.', 'latin1'), 'pickle protocol 5 is not supported'],
    ['something behind the end', Buffer.concat([pickle(none), Buffer.from('N')]), 'something follows its pickle'],
    ['two values', bytes('NN'), 'more than one value is left'],
    ['an open mark', bytes('(N'), 'more than one value is left'],
    ['no value', bytes(''), 'taken from an empty stack'],
    ['a memo that was never filled', bytes('h\x07'), 'memo 7 is read'],
    ['a memo of 4 billion', bytes('j\xff\xff\xff\xff'), 'memo 4294967295 is read'],
    ['a million marks', bytes('('.repeat(1_000_000)), 'nested deeper than 1000'],
    ['a million and more instructions', bytes('N0'.repeat(600_000)), 'more than 500000 instructions'],
    ['a memo bomb', bytes(`N${'r\x00\x00\x00\x00'.repeat(1_000_001)}`), 'more than 500000 instructions'],
    ['a million dictionaries', bytes('}'.repeat(1_000_000)), 'makes more than 100000 objects'],
    ['a million names', bytes('ca\nb\n'.repeat(1_000_000)), 'asks for more than 10000 names'],
    ['a memo filled out of turn', bytes('Nr\xff\xff\xff\x7f'), 'memo 2147483647 is filled out of turn'],
    ['an integer of 2 GB', bytes('\x8b\xff\xff\xff\x7f'), 'an integer of 2147483647 bytes'],
    ['a text of 4 GB', bytes('X\xff\xff\xff\xff'), 'its pickle ends early'],
    ['a text of 2^63 bytes', bytes(`\x8d${'\xff'.repeat(8)}`), 'its pickle ends early'],
    ['bytes of 2^53 + 1', bytes('\x8e\x01\0\0\0\0\0\x20\0'), 'its pickle ends early'],
    ['a frame past the end', bytes('\x95\xff\0\0\0\0\0\0\0'), 'its pickle ends early'],
    ['a name without end', bytes(`c${'x'.repeat(5000)}`), 'a name does not end'],
    ['a name of numbers', Buffer.from('\x80\x04K\x01K\x02\x93.', 'latin1'), 'a name is no text'],
    ['a call of a text', pickle(call(text('os.system'), none)), 'a call of a text'],
    ['a call without a tuple', bytes('ca\nb\nNR'), 'with None for its arguments'],
    ['items of a number', bytes('K\x01K\x02K\x03s'), 'items are put into the number 1'],
    ['items of a tuple', pickle(Buffer.concat([tuple(none), none, Buffer.from('a')])), 'appended to a tuple'],
    ['a key without a value', bytes('}(Nu'), 'a key without a value'],
    ['a list without a mark', bytes(']Ne'), 'a mark is missing'],
    ['taking from below a mark', bytes('N(\x85'), 'taken from an empty stack'],
    ['a state of a number', bytes('K\x01}b'), 'a state is given to the number 1'],
    ['an unknown instruction', bytes('\xff'), '0xff is no instruction of a pickle'],
    ['FLOAT', bytes('F1.5\n'), 'the pickle instruction FLOAT is not supported'],
    ['INST', bytes('(ios\nsystem\n'), 'the pickle instruction INST is not supported'],
    ['OBJ', bytes('(cos\nsystem\no'), 'the pickle instruction OBJ is not supported'],
    ['an extension', bytes('\x82\x01'), 'the pickle instruction EXT1 is not supported'],
    ['a call of a tuple', pickle(call(tuple(none), none)), 'a call of a tuple'],
  ])('%s', (_, pickled, message) => {
    expect(refusal(pickled)).toContain(message);
  });

  test('a pickle that ends anywhere', () => {
    for (const [, base64] of PYTHON) {
      const whole = Buffer.from(base64, 'base64');
      for (let end = 0; end < whole.length; end++) refusal(whole.subarray(0, end));
    }
  });

  test('65 MB', () => {
    expect(refusal(new Uint8Array(65 << 20))).toContain('are allowed');
  });
});

test('lists nested through each other a hundred thousand deep are read', () => {
  const depth = 100_000;
  const value = read(Buffer.concat([Buffer.from('\x80\x02N', 'latin1'), Buffer.alloc(depth, 0x85), Buffer.from('.')]));
  expect(isKind(value, 'tuple')).toBe(true);
});

test('a billion laughs stay a few lists', () => {
  let pickled: Buffer = list(text('ha'));
  for (let i = 0; i < 200; i++) {
    pickled = Buffer.concat([Buffer.from(']', 'latin1'), MARK, pickled, Buffer.from('2'), Buffer.from('e')]);
  }
  const value = read(pickle(pickled)) as PickleValue[];
  expect(value[0]).toBe(value[1]);
});
