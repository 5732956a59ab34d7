import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../byte-source.ts';
import { ggufReaders } from './readers.ts';
import { layOutGguf, unpackedAtOnce, unpackedSource } from './unpacked.ts';
import { weightPieces } from './weights.ts';

// Paired rows, fused and transposed tensors, vectors with 1 taken away.
const FAMILIES = ['llama', 'gpt2', 'bloom', 'gemma'];
const golden = (family: string) => new URL(`../../../../test/golden/gguf/${family}/model.gguf`, import.meta.url);

describe.each(FAMILIES)('%s', family => {
  const packed = memorySource('model.gguf', new Uint8Array(readFileSync(golden(family))));
  const opened = layOutGguf('model.gguf', packed, { vocabulary: false });

  async function whole(): Promise<Uint8Array> {
    const { weights, size } = await opened;
    const readers = ggufReaders((_, use) => use(packed));
    const bytes = new Uint8Array(size);
    for (const { plan, offset } of weights) {
      let at = offset;
      for await (const piece of weightPieces(plan, readers)) {
        bytes.set(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength), at);
        at += piece.byteLength;
      }
    }
    return bytes;
  }

  test('any range is that of the unpacked file, read with and without waiting', async () => {
    const [layout, expected, bytes] = [await opened, await whole(), new Uint8Array(readFileSync(golden(family)))];
    const source = unpackedSource(layout, packed);
    const atOnce = unpackedAtOnce(layout, (offset, length) => bytes.subarray(offset, offset + length));
    expect(source.size).toBe(expected.length);
    const place = fc.nat(expected.length);
    await fc.assert(
      fc.asyncProperty(place, place, async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const part = expected.slice(from, to);
        expect(Buffer.compare(await source.read(from, to - from), part)).toBe(0);
        expect(Buffer.compare(atOnce(from, to - from), part)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});

test('a file that ends inside its header is refused', async () => {
  const bytes = new Uint8Array(readFileSync(golden('llama'))).slice(0, 100);
  await expect(layOutGguf('short.gguf', memorySource('short.gguf', bytes), { vocabulary: true })).rejects.toThrow(
    /^short.gguf: not a usable GGUF file: /,
  );
});
