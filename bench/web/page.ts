/** @file The page whose memory is measured: a prefix, queries and steps of finetuning with one model. */
import { computePrefix, fetchKept, loadModel, observe, openGguf, openRuntime, setting } from '../../src/web.ts';

export interface Work {
  /** Tokens of the prefix. */
  readonly prefix: number;
  readonly queries: number;
  /** Tokens of each query. */
  readonly query: number;
  readonly steps: number;
  /** Tokens of each step. */
  readonly step: number;
  readonly threads: number;
}

export interface Timed {
  readonly stage: string;
  readonly seconds: number;
  /** Of WebAssembly after the stage. */
  readonly wasmBytes: number;
}

/** Does the work and tells how long each part took. */
export async function work(
  address: string,
  { prefix: P, queries, query: T, steps, step, threads }: Work,
): Promise<Timed[]> {
  const timed: Timed[] = [];
  const runtime = await openRuntime({ threads, wasmPaths: '/ort/' });
  async function time<R>(stage: string, run: () => Promise<R>): Promise<R> {
    const start = performance.now();
    const result = await run();
    const { peakResidentBytes } = await runtime.usage();
    timed.push({ stage, seconds: (performance.now() - start) / 1000, wasmBytes: peakResidentBytes });
    return result;
  }
  const ids = (length: number, from: number) => Array.from({ length }, (_, i) => 100 + ((from + 37 * i) % 20_000));
  const opened = await time('open', async () => openGguf('model.gguf', await fetchKept(address)));
  const model = await time('load', () => loadModel(opened, runtime, { graphs: ['prefix', 'observation', 'gradient'] }));
  for (const round of ['first', 'again']) {
    const prefix = await time(`prefix, ${round}`, () => computePrefix(model, ids(P, 1), model.pretrained));
    const at = { prefix, projections: model.pretrained };
    const asked = Array.from({ length: queries }, (_, i) => ({ tokens: ids(T, 11 * i), tap: T - 1, reads: [T - 1] }));
    const taps = { attentionOutput: true, attentionScores: true, contextScores: true, query: true };
    await time(`queries, ${round}`, () =>
      observe.observe(model, at, asked, { labels: [4, 9], taps, doing: 'queries' }),
    );
    const { projections } = await time(`steps, ${round}`, () =>
      setting.finetune(
        model,
        Array.from({ length: steps }, (_, i) => ids(step, 7 * i)),
        { learningRate: 1e-3 },
      ),
    );
    await setting.releaseProjections(model, projections);
    await runtime.release(Object.values(prefix.feeds).filter(feed => 'id' in feed));
  }
  await runtime.close();
  return timed;
}
