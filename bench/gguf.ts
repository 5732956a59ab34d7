/**
 * Measures how fast the blocks of GGUF files are unpacked, here and by the Python package gguf
 * (numpy) in the same minutes:
 *
 *     npm run bench:gguf -- [--python PYTHON]
 *
 * PYTHON needs gguf and numpy; without it only our own figures are printed. GB/s count float32
 * values, on one thread each.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { BLOCK_FORMATS, type BlockType, unpackBlocks } from '../src/checkpoint/formats/gguf/blocks/blocks.ts';

const VALUES = 1 << 22;
const ROUNDS = 7;

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });

const PEER = `
import sys, time, json, numpy as np, gguf
n, rounds = int(sys.argv[1]), int(sys.argv[2])
out = {}
for name in sys.argv[3:]:
    q = gguf.GGMLQuantizationType[name]; values, size = gguf.GGML_QUANT_SIZES[q]
    raw = np.random.default_rng(7).integers(0, 64, size=(n // values, size), dtype=np.uint8)
    best = 1e9
    for _ in range(rounds):
        start = time.perf_counter()
        try: gguf.quants.dequantize(raw, q)
        except NotImplementedError: best = None; break
        best = min(best, time.perf_counter() - start)
    out[name] = best
print(json.dumps(out))
`;

const types = Object.keys(BLOCK_FORMATS).filter(type => type !== 'F32') as BlockType[];
const peer: Readonly<Record<string, number | null>> =
  options.python === undefined
    ? {}
    : JSON.parse(
        execFileSync(options.python, ['-c', PEER, String(VALUES), String(ROUNDS), ...types], { encoding: 'utf8' }),
      );

for (const type of types) {
  const { values, bytes } = BLOCK_FORMATS[type];
  const packed = Uint8Array.from({ length: (VALUES / values) * bytes }, (_, i) => (i * 73 + 11) % 61);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    unpackBlocks(type, packed);
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  const theirs = peer[type];
  const ratio = theirs ? `  ${(theirs / best).toFixed(1)} times gguf's speed` : '';
  console.log(`${type.padEnd(7)} ${((4 * VALUES) / best / 1e9).toFixed(2)} GB/s${ratio}`);
}
