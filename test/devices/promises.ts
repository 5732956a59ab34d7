import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/error.ts';
import { CrashError, NonFiniteError } from '../../src/runtime/errors.ts';
import type { Handle, Runtime, Session, TensorData } from '../../src/runtime/runtime.ts';
import { tinyOnnx } from '../tiny-onnx.ts';
import type { Device } from './devices.ts';

const floats = (dims: readonly number[], ...values: number[]): TensorData => ({
  type: 'float32',
  dims,
  data: Float32Array.from(values),
});
const ints = (dims: readonly number[], ...values: number[]): TensorData => ({
  type: 'int32',
  dims,
  data: Int32Array.from(values),
});

/** negated = -x; quotient = x / y; all [n] */
const arithmetic = tinyOnnx({
  inputs: { x: { dims: ['n'] }, y: { dims: ['n'] } },
  outputs: { negated: { dims: ['n'] }, quotient: { dims: ['n'] } },
  nodes: [
    ['Neg', ['x'], ['negated']],
    ['Div', ['x', 'y'], ['quotient']],
  ],
});

/** What every runtime promises. */
export function testPromises({ open, growth }: Device): void {
  let runtime: Runtime;
  let session: Session;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'dualform-runtime-'));
    runtime = await open();
    session = await runtime.openSession({ name: 'arithmetic', model: arithmetic });
  });
  afterAll(async () => {
    await runtime.close();
    rmSync(folder, { recursive: true });
  });

  const x = floats([2], 3, 4);
  const y = floats([2], 2, -8);

  describe('run', () => {
    test('fetches outputs for any length of a dynamic dimension', async () => {
      expect(session.inputs).toEqual(['x', 'y']);
      expect(session.outputs).toEqual(['negated', 'quotient']);
      const two = await runtime.run(session, { doing: 'a test', feeds: { x, y }, fetch: ['quotient'] });
      expect(two.fetched).toEqual({ quotient: floats([2], 1.5, -0.5) });
      expect(two.kept).toEqual({});
      expect(two.seconds).toBeGreaterThan(0);
      const one = { x: floats([1], 5), y: floats([1], 5) };
      const { fetched } = await runtime.run(session, { doing: 'a test', feeds: one, fetch: ['negated', 'quotient'] });
      expect(fetched).toEqual({ negated: floats([1], -5), quotient: floats([1], 1) });
    });

    test('keeps outputs as handles that feed later runs', async () => {
      const { kept } = await runtime.run(session, { doing: 'a test', feeds: { x, y }, keep: ['negated', 'quotient'] });
      expect(kept.negated).toMatchObject({ name: 'negated', type: 'float32', dims: [2] });
      const feeds = { x: kept.negated!, y: kept.quotient! };
      const { fetched } = await runtime.run(session, { doing: 'a test', feeds, fetch: ['quotient'] });
      expect(fetched.quotient!.data).toBeAllClose([-2, 8]);
      await runtime.release(Object.values(kept));
    });

    test('a kept output outlives its session', async () => {
      const brief = await runtime.openSession({ name: 'brief', model: arithmetic });
      const { kept } = await runtime.run(brief, { doing: 'a test', feeds: { x, y }, keep: ['negated', 'quotient'] });
      await runtime.closeSession(brief);
      const feeds = { x: kept.negated!, y: kept.quotient! };
      await runtime.run(session, { doing: 'a test', feeds, fetch: ['quotient'] });
      await runtime.release(Object.values(kept));
    });

    test('an output can be fetched and kept', async () => {
      const request = { doing: 'a test', feeds: { x, y }, fetch: ['negated'], keep: ['negated'] };
      const { fetched, kept } = await runtime.run(session, request);
      expect(await runtime.download(kept.negated!)).toEqual(fetched.negated);
      await runtime.release([kept.negated!]);
    });

    test('writes into given tensors, so that runs alternate between two of them without waiting for answers', async () => {
      let [current, spare] = [await runtime.upload('ping', x), await runtime.upload('pong', floats([2], 0, 0))];
      const two = floats([2], 2, 2);
      const steps: Promise<unknown>[] = [];
      for (let step = 0; step < 3; step++) {
        const feeds = { x: current, y: two };
        steps.push(
          runtime
            .run(session, { doing: `step ${step}`, feeds, into: { quotient: spare } })
            .then(({ kept }) => kept.quotient),
        );
        [current, spare] = [spare, current];
      }
      const ends = await Promise.all(steps);
      expect(ends[2]).toBe(current);
      expect((await runtime.download(current)).data).toBeAllClose([0.375, 0.5]);
      expect((await runtime.download(spare)).data).toBeAllClose([0.75, 1]);
      await runtime.release([current, spare]);
    });

    test('answers runs in the order of their requests', async () => {
      const runs = Array.from({ length: 20 }, (_, i) =>
        runtime.run(session, {
          doing: `run ${i}`,
          feeds: { x: floats([1], i), y: floats([1], 1) },
          fetch: ['negated'],
        }),
      );
      const results = await Promise.all(runs);
      expect(results.map(({ fetched }) => fetched.negated!.data[0])).toEqual(results.map((_, i) => -i));
    });

    test('feeds and fetched tensors are sent without the rest of their buffers', async () => {
      const wide = new Float32Array(1 << 22);
      const view: TensorData = { type: 'float32', dims: [1], data: wide.subarray(7, 8).fill(6) };
      const { fetched } = await runtime.run(session, {
        doing: 'a test',
        feeds: { x: view, y: view },
        fetch: ['negated'],
      });
      expect(fetched.negated!.data[0]).toBe(-6);
      expect(fetched.negated!.data.buffer.byteLength).toBeLessThan(1 << 16);
    });

    test('accepts an empty tensor', async () => {
      const model = tinyOnnx({
        inputs: { memory: { dims: [1, 'p', 2] }, own: { dims: [1, 't', 2] } },
        outputs: { negated: { dims: [1, 'p', 2] }, difference: { dims: [1, 't', 2] } },
        nodes: [
          ['Neg', ['memory'], ['negated']],
          ['Sub', ['own', 'own'], ['difference']],
        ],
      });
      const empty = await runtime.upload('memory', floats([1, 0, 2]));
      const both = await runtime.openSession({ name: 'both', model });
      const feeds = { memory: empty, own: floats([1, 1, 2], 1, 2) };
      const { fetched, kept } = await runtime.run(both, {
        doing: 'a test',
        feeds,
        fetch: ['negated', 'difference'],
        keep: ['negated'],
      });
      expect(fetched).toEqual({ negated: floats([1, 0, 2]), difference: floats([1, 1, 2], 0, 0) });
      const own = await runtime.upload('own', feeds.own);
      const memory = await runtime.concatenate('memory', [kept.negated!, own, empty], 1);
      expect(await runtime.download(memory)).toEqual(feeds.own);
      const spare = await runtime.upload('spare', floats([1, 0, 2]));
      await runtime.run(both, { doing: 'a test', feeds, into: { negated: spare } });
      await runtime.closeSession(both);
      await runtime.release([empty, kept.negated!, own, memory, spare]);
    });

    test('passes int32 through without a check', async () => {
      const dims = ['n'];
      const model = tinyOnnx({
        inputs: { ids: { type: 'int32', dims } },
        outputs: { same: { type: 'int32', dims } },
        nodes: [['Identity', ['ids'], ['same']]],
      });
      const identity = await runtime.openSession({ name: 'identity', model });
      const ids = ints([3], 0x7f800000, -1, 7);
      const { fetched } = await runtime.run(identity, { doing: 'a test', feeds: { ids }, fetch: ['same'] });
      expect(fetched.same).toEqual(ids);
      await runtime.closeSession(identity);
    });
  });

  describe('weights', () => {
    test('are read from their place in a file, relative to any root', async () => {
      const file = path.join(folder, 'weights.bin');
      writeFileSync(file, Buffer.concat([Buffer.alloc(5), Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer)]));
      for (const [weightsRoot, location] of [
        [`${folder}/`, 'weights.bin'],
        ['/', file.slice(1)],
      ] as const) {
        for (const prepack of [false, true]) {
          const model = tinyOnnx({
            inputs: { x: { dims: ['rows', 3] } },
            outputs: { product: { dims: ['rows', 2] } },
            nodes: [['MatMul', ['x', 'w'], ['product']]],
            weights: { w: { dims: [3, 2], location, offset: 5, length: 24 } },
          });
          const product = await runtime.openSession({ name: 'product', model, weightsRoot, sources: [file], prepack });
          const feeds = { x: floats([2, 3], 1, 0, 0, 1, 1, 1) };
          const { fetched } = await runtime.run(product, { doing: 'a test', feeds, fetch: ['product'] });
          expect(fetched.product).toEqual(floats([2, 2], 1, 2, 9, 12));
          await runtime.closeSession(product);
        }
      }
    });

    test('load as handles', async () => {
      const file = path.join(folder, 'loaded.bin');
      writeFileSync(file, Buffer.from(Float32Array.of(1, 2, Number.NaN).buffer));
      const at = (name: string, offset: number) => ({ name, dtype: 'F32', shape: [1], file, offset, length: 4 });
      const [first, second] = await runtime.load([at('first', 0), at('second', 4)]);
      expect([first!.name, second!.name]).toEqual(['first', 'second']);
      expect(await runtime.download(second!)).toEqual(floats([1], 2));
      await expect(runtime.load([at('first', 0), at('third', 8)])).rejects.toThrow(
        expect.objectContaining({ constructor: NonFiniteError, tensor: 'third', session: undefined }),
      );
      await expect(runtime.load([at('fourth', 12)])).rejects.toThrow(UserError);
      await runtime.release([first!, second!]);
    });
  });

  test('concatenate joins tensors into a new one', async () => {
    const parts = [await runtime.upload('a', floats([1, 2], 1, 2)), await runtime.upload('b', floats([1, 1], 3))];
    const joined = await runtime.concatenate('memory', parts, 1);
    expect(joined).toMatchObject({ name: 'memory', dims: [1, 3] });
    expect(await runtime.download(joined)).toEqual(floats([1, 3], 1, 2, 3));
    await runtime.release([...parts, joined]);
  });

  test('usage counts sessions and handles', async () => {
    const before = await runtime.usage();
    const handle = await runtime.upload('x', x);
    const extra = await runtime.openSession({ name: 'extra', model: arithmetic });
    const during = await runtime.usage();
    expect(during).toMatchObject({ sessions: before.sessions + 1, handles: before.handles + 1 });
    expect(during.residentBytes).toBeGreaterThan(10e6);
    expect(during.peakResidentBytes).toBeGreaterThanOrEqual(during.residentBytes);
    await runtime.release([handle]);
    await runtime.closeSession(extra);
    expect(await runtime.usage()).toMatchObject({ sessions: before.sessions, handles: before.handles });
  });

  describe('a number that is not finite', () => {
    const zeros = floats([2], 1, 0);
    const feeds = { x: floats([2], 1, 1), y: zeros };

    test.each(['fetch', 'keep'] as const)('in an output of %s stops the run and is named', async way => {
      const run = runtime.run(session, { doing: 'batch 3 of 13', feeds, [way]: ['negated', 'quotient'] });
      const error = await run.catch((error: unknown) => error);
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(error).toMatchObject({ session: 'arithmetic', tensor: 'quotient' });
      expect((error as Error).message).toBe(
        'quotient float32[2] of arithmetic holds Infinity at element 1 (while batch 3 of 13)',
      );
    });

    test('an error names the first output that is not finite, in the order of the session, and the input that was not', async () => {
      const bad = { x: floats([1], Number.NaN), y: floats([1], 1) };
      const run = runtime.run(session, { doing: 'a test', feeds: bad, fetch: ['quotient', 'negated'] });
      await expect(run).rejects.toMatchObject({
        tensor: 'negated',
        message: expect.stringContaining('the input x contains NaN'),
      });
    });

    test('a trusted output is not checked; others of the same run are', async () => {
      const zero = { x, y: floats([2], 2, 0) };
      const { kept } = await runtime.run(session, {
        doing: 'a test',
        feeds: zero,
        keep: ['negated', 'quotient'],
        trusted: ['quotient'],
      });
      expect((await runtime.download(kept.quotient!)).data[1]).toBe(Number.POSITIVE_INFINITY);
      await runtime.release(Object.values(kept));
      const run = runtime.run(session, { doing: 'a test', feeds: zero, fetch: ['quotient'], trusted: ['negated'] });
      await expect(run).rejects.toMatchObject({ tensor: 'quotient' });
    });

    test('an output that is not requested is not checked', async () => {
      const { fetched } = await runtime.run(session, { doing: 'a test', feeds, fetch: ['negated'] });
      expect(fetched.negated!.data).toBeAllClose([-1, -1]);
    });

    test('a tensor that a failed run would have overwritten is undefined until a run succeeds', async () => {
      const target = await runtime.upload('weights', x);
      const failed = runtime.run(session, { doing: 'step 1', feeds, into: { quotient: target } });
      const next = runtime.run(session, { doing: 'step 2', feeds: { x: target, y }, fetch: ['negated'] });
      await expect(failed).rejects.toThrow(NonFiniteError);
      await expect(next).rejects.toThrow(
        'while step 2: tensor weights is undefined: the run that computes its new value (quotient) failed',
      );
      await runtime.run(session, { doing: 'step 1 again', feeds: { x, y }, into: { quotient: target } });
      expect((await runtime.download(target)).data).toBeAllClose([1.5, -0.5]);
      await runtime.release([target]);
    });
  });

  describe('wrong use is an error', () => {
    const run = (feeds: Record<string, TensorData | Handle>, rest: object = { fetch: ['negated'] }) =>
      runtime.run(session, { doing: 'a test', feeds, ...rest });

    test.each([
      ['a missing input', { x }, 'input y float32[n] is missing'],
      ['an unknown input', { x, y, z: x }, 'there is no input z; inputs are x, y'],
      ['another type', { x: ints([2], 1, 2), y }, 'input x is float32[n], fed was int32[2]'],
      ['another rank', { x: floats([1, 2], 1, 2), y }, 'input x is float32[n], fed was float32[1,2]'],
      ['lengths that differ', { x: floats([1], 1), y }, 'dimension n is 1 in x and 2 in y'],
      ['too few numbers', { x: floats([3], 1), y }, 'x: float32[3] does not hold 1 numbers'],
    ])('%s', async (_, feeds, message) => {
      await expect(run(feeds as Record<string, TensorData>)).rejects.toThrow(message);
    });

    test('an unknown output, and none at all', async () => {
      await expect(run({ x, y }, { fetch: ['loss'] })).rejects.toThrow('there is no output loss; outputs are negated');
      await expect(run({ x, y }, {})).rejects.toThrow('no output is requested');
    });

    test('overwriting what is fed, or one tensor twice, or one of another shape', async () => {
      const handle = await runtime.upload('w', x);
      await expect(run({ x: handle, y }, { into: { negated: handle } })).rejects.toThrow(
        'output negated would overwrite the tensor that is fed as x',
      );
      await expect(run({ x, y }, { into: { negated: handle, quotient: handle } })).rejects.toThrow(
        'go into one tensor',
      );
      const short = await runtime.upload('short', floats([1], 1));
      await expect(run({ x, y }, { into: { negated: short } })).rejects.toThrow(/session arithmetic.*(negated|shape)/i);
      const tall = await runtime.upload('tall', floats([1, 2], 1, 1));
      await expect(run({ x, y }, { into: { negated: tall } })).rejects.toThrow(/session arithmetic.*(negated|shape)/i);
      await runtime.release([handle, short, tall]);
    });

    test('an error of onnxruntime names the session and the feeds', async () => {
      const model = tinyOnnx({
        inputs: { a: { dims: ['m', 'k'] }, b: { dims: ['l', 'n'] } },
        outputs: { product: { dims: ['m', 'n'] } },
        nodes: [['MatMul', ['a', 'b'], ['product']]],
      });
      const product = await runtime.openSession({ name: 'product', model });
      const feeds = { a: floats([1, 2], 1, 1), b: floats([3, 1], 1, 1, 1) };
      await expect(runtime.run(product, { doing: 'batch 1', feeds, fetch: ['product'] })).rejects.toThrow(
        /^while batch 1: onnxruntime failed in session product fed a float32\[1,2\], b float32\[3,1\]: .*MatMul/,
      );
      await expect(runtime.openSession({ name: 'broken', model: new Uint8Array(9) })).rejects.toThrow(
        /^while opening session broken: onnxruntime cannot open session broken: /,
      );
      await runtime.closeSession(product);
    });

    test('released tensors, closed sessions, handles of another runtime', async () => {
      const handle = await runtime.upload('w', x);
      await runtime.release([handle]);
      await expect(run({ x: handle, y })).rejects.toThrow('tensor w (handle');
      await expect(runtime.download(handle)).rejects.toThrow('was released');
      await expect(runtime.release([handle])).rejects.toThrow('was released');
      await expect(runtime.download({ ...handle, id: 1 })).rejects.toThrow('belongs to another runtime');
      const closed = await runtime.openSession({ name: 'brief', model: arithmetic });
      await runtime.closeSession(closed);
      await expect(runtime.run(closed, { doing: 'a test', feeds: { x, y }, fetch: ['negated'] })).rejects.toThrow(
        'session brief was closed',
      );
      await expect(runtime.closeSession(closed)).rejects.toThrow('session brief was closed');
    });

    test('a closed runtime', async () => {
      const brief = await open();
      await brief.close();
      await brief.close();
      await expect(brief.upload('x', x)).rejects.toThrow('the runtime is closed');
    });
  });

  test('30 rounds of open, run, close keep the memory bounded', async () => {
    const model = tinyOnnx({
      inputs: { x: { dims: ['rows', 1024] } },
      outputs: { product: { dims: ['rows', 1024] } },
      nodes: [['MatMul', ['x', 'w'], ['product']]],
      weights: { w: { dims: [1024, 1024], values: new Array(1024 * 1024).fill(0.5) } },
    });
    const resident: number[] = [];
    for (let i = 0; i < 30; i++) {
      const open = await runtime.openSession({ name: 'product', model, prepack: true });
      // Lengths differ from round to round, as those of queries do.
      const rows = 20 + ((7 * i) % 10);
      const x: TensorData = { type: 'float32', dims: [rows, 1024], data: new Float32Array(rows * 1024) };
      const request = { doing: 'a round', feeds: { x }, fetch: ['product'], keep: ['product'] };
      const { kept } = await runtime.run(open, request);
      await runtime.closeSession(open);
      await runtime.release(Object.values(kept));
      resident.push((await runtime.usage()).residentBytes);
    }
    // A session is about 12 MiB; one leak a round would be hundreds.
    expect(Math.max(...resident.slice(10)) - Math.max(...resident.slice(0, 10))).toBeLessThan(growth);
    // Thirty sessions take a minute on a busy machine.
  }, 300_000);

  test('an unexpected end fails the requests on their way and all that follow', async () => {
    const mortal = await open();
    const handle = await mortal.upload('x', x);
    mortal.kill();
    await expect(mortal.download(handle)).rejects.toThrow(CrashError);
    expect(mortal.crash()).toMatchObject({ doing: 'downloading x' });
    await expect(mortal.upload('y', y)).rejects.toThrow(CrashError);
    await mortal.close();
  });
}
