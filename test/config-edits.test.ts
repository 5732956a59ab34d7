import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { families } from '../src/model/families/index.ts';
import { type Edit, editedCheckpoints, wrongEdits } from './reference/config-edits.ts';
import { goldenFolder } from './reference/golden.ts';

/**
 * A third of the edits that change something in transformers, and each sixteenth of the others;
 * `config-edits.slow.test.ts` takes all.
 */
describe.each(Object.entries(editedCheckpoints))('%s', (_, edited) => {
  test('edits of its configuration: the logits of transformers, or refused by name', async () => {
    const changes = ([, , answer]: Edit) => typeof answer === 'object' && !('refused' in answer);
    const chosen = [
      ...edited.edits.filter(changes).filter((_, i) => i % 3 === 0),
      ...edited.edits.filter(edit => !changes(edit)).filter((_, i) => i % 16 === 0),
    ];
    expect(await wrongEdits(edited, chosen)).toEqual([]);
  });
});

test('every family has edits', () => {
  const types = Object.values(editedCheckpoints).map(
    ({ checkpoint }) => JSON.parse(readFileSync(`${goldenFolder(checkpoint)}config.json`, 'utf8')).model_type,
  );
  // fairseq's own files have no configuration that anyone edits.
  expect(Object.keys(families).filter(family => !types.includes(family))).toEqual(['fairseq_gpt']);
});
