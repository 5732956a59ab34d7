import { expect, test } from 'vitest';
import { commandNames, jsonSchemaOf } from './command-options.ts';

test.each(commandNames)(
  'the JSON Schema of %s says of each option what it is, and nothing of the command line',
  name => {
    const { properties, additionalProperties } = jsonSchemaOf(name);
    expect(additionalProperties).toBe(false);
    for (const [option, schema] of Object.entries(properties!)) {
      expect(schema, option).toMatchObject({ description: expect.any(String) });
      expect(Object.keys(schema as object)).not.toContain('byDefault');
    }
  },
);

test('kinds, bounds, choices and defaults are in the JSON Schema of run', () => {
  const { properties, required } = jsonSchemaOf('run');
  expect(properties).toMatchObject({
    shots: { type: 'integer', minimum: 0 },
    learningRate: { type: 'number', exclusiveMinimum: 0 },
    template: { enum: ['paper', 'code'], default: 'code' },
    limit: { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'all' }] },
    settings: { type: 'array', items: { enum: ['zero-shot', 'in-context', 'finetuned'] }, minItems: 1 },
    steadyCheck: { type: 'boolean', default: true },
  });
  expect(required).toBeUndefined();
});
