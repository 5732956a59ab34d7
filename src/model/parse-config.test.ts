import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { goldenFamilies, goldenFolder } from '../../test/reference/golden.ts';
import { UserError } from '../error.ts';
import { readDecoder } from './families/index.ts';

const HUGE = [1e9, 1e15, Number.MAX_SAFE_INTEGER];

describe.each(goldenFamilies)('a damaged configuration of %s', name => {
  test('is refused before its sizes matter', async () => {
    const config = JSON.parse(await readFile(`${goldenFolder(name)}config.json`, 'utf8'));
    for (const [key, value] of Object.entries(config)) {
      if (typeof value !== 'number') continue;
      for (const huge of HUGE) {
        const start = performance.now();
        try {
          readDecoder({ ...config, [key]: huge }, name);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
        expect(performance.now() - start, `${key} = ${huge}`).toBeLessThan(1000);
      }
    }
  });
});

test('more layers than num_layers in attention_types', () => {
  const config = { model_type: 'gpt_neo', vocab_size: 7, max_position_embeddings: 8, hidden_size: 8, num_heads: 2 };
  for (const attention_types of [[[['global'], 1e15]], [[[], 1e15]]]) {
    expect(() => readDecoder({ ...config, num_layers: 2, window_size: 4, attention_types }, 'here')).toThrow(UserError);
  }
});

test.each([
  ['gpt_neox', { num_attention_heads: 3, rotary_pct: 0.25 }],
  ['gpt_neox', { num_attention_heads: 3, rotary_pct: 0.1 }],
  ['phi', { num_attention_heads: 3, partial_rotary_factor: 0.25 }],
  ['gptj', { n_layer: 1, n_head: 3, n_embd: 36, n_positions: 8, rotary_dim: 5 }],
  ['gptj', { n_layer: 1, n_head: 3, n_embd: 36, n_positions: 8, rotary_dim: 14 }],
])('%s with heads that cannot be rotated: %j', (model_type, sizes) => {
  const common = {
    vocab_size: 7,
    hidden_size: 36,
    intermediate_size: 8,
    num_hidden_layers: 1,
    max_position_embeddings: 8,
  };
  expect(() => readDecoder({ model_type, ...common, ...sizes }, 'here')).toThrow(/^here: \d+ rotated components/);
});
