import { expect, test } from 'vitest';
import type { Decoder } from '../../model/decoder.ts';
import { openTask } from '../../task/open-task.ts';
import { choosePreset, paperSizeOf } from './preset.ts';

const sized = (family: string, layers: number, hiddenSize: number, vocabulary = 50_264) =>
  ({ family, layers, hiddenSize, vocabulary }) as Decoder;

test.each([
  [sized('fairseq_gpt', 24, 2048), '1.3B'],
  [sized('xglm', 24, 2048, 50_261), '1.3B'],
  [sized('fairseq_gpt', 32, 2560), '2.7B'],
  // The smaller fairseq models, OPT 1.3B, Pythia 1.4B, XGLM 1.7B.
  [sized('fairseq_gpt', 24, 1024), undefined],
  [sized('opt', 24, 2048), undefined],
  [sized('gpt_neox', 24, 2048), undefined],
  [sized('xglm', 24, 2048, 256_008), undefined],
])('%o is the model of size %s', (decoder, size) => {
  expect(paperSizeOf(decoder)).toBe(size);
});

test('a model of the paper needs no size, a named size goes before its own', async () => {
  const model = { name: 'm', decoder: sized('xglm', 32, 2560) };
  const task = await openTask('sst2');
  expect(await choosePreset('paper', model, task)).toMatchObject({ size: '2.7B', settings: { seed: 7 } });
  expect(await choosePreset('paper:1.3B', model, task)).toMatchObject({ size: '1.3B', settings: { seed: 2 } });
});

test('any other model is refused with what to type', async () => {
  const refused = choosePreset('paper', { name: 'mine', decoder: sized('llama', 2, 32) }, await openTask('mr'));
  await expect(refused).rejects.toMatchObject({
    message:
      "preset paper: mine (llama, 2 layers, hidden size 32) is none of the paper's models; name the one whose settings you want: " +
      '`preset` paper:1.3B or `preset` paper:2.7B',
    option: 'preset',
  });
});

test('rows are those of the program under either template, and own ones in a task of the same name', async () => {
  const model = { name: 'm', decoder: sized('fairseq_gpt', 24, 2048) };
  for (const template of ['code', 'paper'] as const) {
    expect(await choosePreset('paper', model, await openTask('cb', { template }))).toMatchObject({ ownRows: false });
  }
  expect(await choosePreset('paper', model, { name: 'cb', digest: 'other' })).toMatchObject({ ownRows: true });
  await expect(choosePreset('paper', model, { name: 'imdb', digest: '' })).rejects.toThrow(
    'preset paper: the paper has no task imdb; choose from sst2, sst5, mr, subj, agnews, cb',
  );
});
