import { expect, test } from 'vitest';

test('the built library exports every module', async () => {
  const main = new URL('../dist/index.js', import.meta.url).href;
  const library: Record<string, unknown> = await import(main);
  const modules = [
    'cell',
    'checkpoint',
    'explore',
    'run',
    'graph',
    'metric',
    'model',
    'observe',
    'report',
    'runtime',
    'setting',
    'statistics',
    'study',
    'task',
    'theory',
    'tokenizer',
    'train',
  ];
  expect(Object.keys(library).sort()).toEqual(
    [...modules, 'UserError', 'commandNames', 'jsonSchemaOf', 'scoreLabels'].sort(),
  );
  expect(library.run).toHaveProperty('runExperiment');
  expect(library.setting).toHaveProperty('finetune');
  expect(library.observe).toHaveProperty('trace');
});
