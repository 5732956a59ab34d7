import { expect, test } from 'vitest';
import { cardMemory, parseCardMemory } from './card-memory.ts';

test('what nvidia-smi prints for one card is read, in MiB', () => {
  expect(parseCardMemory('81559, 80994\n')).toEqual({ total: 81559 * 2 ** 20, free: 80994 * 2 ** 20 });
});

test.each(['', '[N/A], [N/A]\n', 'No devices were found\n', '1, 2\n3, 4\n'])('%j says nothing', line => {
  expect(parseCardMemory(line)).toBeUndefined();
});

test('a card that is not there has no memory', async () => {
  expect(await cardMemory(4095)).toBeUndefined();
});
