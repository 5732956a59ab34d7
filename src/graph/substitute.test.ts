import { expect, test } from 'vitest';
import * as g from './operators/index.ts';
import { substitute } from './substitute.ts';
import { input, type Operation } from './tensor.ts';

const x = input('x', 'float32', ['T']);
const y = input('y', 'float32', ['T']);
const z = input('z', 'float32', ['T']);

test('nodes that depend on the replaced tensor are new, the others are shared', () => {
  const shared = g.exp(y);
  const whole = g.add(g.neg(x), shared);
  const [changed] = substitute([whole], new Map([[x, z]])) as [Operation];
  expect(changed).toEqual(g.add(g.neg(z), shared));
  expect(changed.inputs[1]).toBe(shared);
  expect(whole).toEqual(g.add(g.neg(x), shared));
});

test('an inner node can be replaced together with all that it depends on', () => {
  const inner = g.neg(x);
  const [changed] = substitute([g.exp(inner)], new Map([[inner, z]]));
  expect(changed).toEqual(g.exp(z));
});

test('tensors that do not depend on it stay the same', () => {
  const other = g.neg(y);
  expect(substitute([other, x], new Map([[x, z]]))).toEqual([other, z]);
  expect(substitute([other], new Map([[x, z]]))[0]).toBe(other);
});

test('another shape or type is refused', () => {
  expect(() => substitute([x], new Map([[x, input('n', 'float32', ['P'])]]))).toThrow('x [T] and n [P]');
  expect(() => substitute([x], new Map([[x, input('n', 'int32', ['T'])]]))).toThrow('cannot replace');
});
