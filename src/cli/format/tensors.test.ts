import { expect, test } from 'vitest';
import { formatTensors } from './tensors.ts';

test('tensors that differ in their layer alone share a line', () => {
  const tensors = [0, 1, 2, 5].map(n => ({ name: `model.layers.${n}.k.weight`, shape: [2, 3] }));
  const text = formatTensors([{ name: 'loss', shape: [3] }, ...tensors, { name: 'layers.4.k', shape: [1] }]);
  expect(text.split('\n')).toEqual([
    'tensor                       shape',
    'loss                         [3]',
    'model.layers.0-2,5.k.weight  [2, 3]',
    'layers.4.k                   [1]',
  ]);
});
