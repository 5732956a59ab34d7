import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Checkpoint, readTensor } from './checkpoint.ts';
import { halfTable } from './half.ts';
import { widened } from './widen.ts';

describe('widened', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dualform-widen-'));
    vi.stubEnv('DUALFORM_CACHE', join(folder, 'cache'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  async function halfCheckpoint(halves: Uint16Array, dtype: 'F16' | 'BF16'): Promise<Checkpoint> {
    const file = join(folder, 'weights');
    await writeFile(file, new Uint8Array(halves.buffer));
    const location = { name: 'w', dtype, shape: [halves.length], file, offset: 0, length: halves.byteLength };
    return {
      name: 'tiny',
      source: file,
      digest: 'ab'.repeat(32),
      config: { model_type: 'llama' },
      tensors: new Map([['w', location]]),
      otherTensors: new Map(),
      tokenizer: undefined,
    };
  }

  test('keeps every number of half precision, and reads the cache at the second start', async () => {
    // Finite halves only, more than one piece of them.
    const finite = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(half => Number.isFinite(halfTable()[half]!));
    const halves = Uint16Array.from({ length: (1 << 20) + 777 }, (_, i) => finite[i % finite.length]!);
    const checkpoint = await halfCheckpoint(halves, 'F16');
    const stages: string[] = [];
    const first = await widened(checkpoint, ({ stage }) => stages.push(stage));
    const location = first.tensors.get('w')!;
    expect(location.dtype).toBe('F32');
    expect(location.shape).toEqual([halves.length]);
    expect(await readTensor(location)).toEqual(await readTensor(checkpoint.tensors.get('w')!));
    expect(stages).toContain('unpacking weights');
    const again: string[] = [];
    const second = await widened(checkpoint, ({ stage }) => again.push(stage));
    expect(second.tensors.get('w')).toEqual(location);
    expect(again).toEqual([]);
  });

  test('widens bfloat16 exactly', async () => {
    const checkpoint = await halfCheckpoint(Uint16Array.of(0x3f80, 0xc040, 0x0001), 'BF16');
    const wide = await widened(checkpoint);
    expect(Array.from(await readTensor(wide.tensors.get('w')!))).toEqual([1, -3, 2 ** -133]);
  });

  test('leaves float32 where it lies', async () => {
    const checkpoint = await halfCheckpoint(new Uint16Array(4), 'F16');
    const location = { ...checkpoint.tensors.get('w')!, dtype: 'F32' as const, shape: [2] };
    const plain = { ...checkpoint, tensors: new Map([['w', location]]) };
    expect(await widened(plain)).toBe(plain);
  });
});
