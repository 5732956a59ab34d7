import { describe, expect, test } from 'vitest';
import { editedCheckpoints, wrongEdits } from './reference/config-edits.ts';

describe.each(Object.entries(editedCheckpoints))('%s', (_, edited) => {
  test(`all ${edited.edits.length} edits of its configuration`, async () => {
    expect(await wrongEdits(edited, edited.edits)).toEqual([]);
  });
});
