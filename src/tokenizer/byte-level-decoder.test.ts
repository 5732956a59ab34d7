import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMBEDDED_MODELS, locateEmbedded } from '../checkpoint/models.ts';
import { openDecoder, openTokenizer } from './tokenizer.ts';

const sources = [
  { kind: 'gguf', file: locateEmbedded(EMBEDDED_MODELS[0]!).file },
  {
    kind: 'tokenizer.json',
    file: fileURLToPath(new URL('../../test/fixtures/tiny-model/tokenizer.json', import.meta.url)),
  },
] as const;

test.each(sources)('$kind: as the tokenizer itself, parts of characters too', async source => {
  const [decoder, tokenizer] = [await openDecoder(source), await openTokenizer(source)];
  expect(decoder.digest).toBe(tokenizer.digest);
  const ids = tokenizer.encode('A gorgeous film, 漢字 👍 naïve\n\t<|im_start|>');
  expect(decoder.decode(ids)).toBe(tokenizer.decode(ids));
  const id = fc.integer({ min: 0, max: tokenizer.vocabularySize - 1 });
  fc.assert(
    fc.property(fc.array(id, { maxLength: 20 }), some => {
      expect(decoder.decode(some)).toBe(tokenizer.decode(some));
    }),
    { numRuns: 60 },
  );
});
