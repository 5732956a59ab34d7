import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { parseSchema } from './parse-schema.ts';

test('says in English what is wrong and where', () => {
  const schema = z.object({ layers: z.array(z.int().check(z.positive())) });
  expect(parseSchema(schema, { layers: [3] })).toEqual({ success: true, data: { layers: [3] } });
  expect(parseSchema(schema, { layers: [3, 0] }).error?.issues).toMatchObject([
    { path: ['layers', 1], message: 'Too small: expected number to be >0' },
  ]);
});
