/** @file A page that does with a model what pages do. */
import {
  computePrefix,
  emptyPrefix,
  fetchBytes,
  loadModel,
  observe,
  openGguf,
  openRuntime,
  openSafetensors,
  openTokenizer,
  releasePrefix,
  setting,
} from '../../src/web.ts';

export interface Files {
  readonly gguf?: string;
  readonly config?: string;
  readonly weights?: string;
}

/** What the page computes, and the test on the CPU. */
export interface Asked {
  readonly before: readonly number[];
  readonly tokens: readonly number[];
  readonly labels: readonly number[];
  readonly sequence: readonly number[];
}

export interface Computed {
  readonly digest: string;
  readonly logProbabilities: readonly number[];
  readonly losses: readonly number[];
  readonly trace: readonly { readonly name: string; readonly data: readonly number[] }[];
}

export async function compute(files: Files, { before, tokens, labels, sequence }: Asked): Promise<Computed> {
  const { gguf, config, weights } = files;
  const runtime = await openRuntime({ threads: 2, wasmPaths: '/ort/' });
  const opened =
    gguf === undefined
      ? await openSafetensors('model', {
          config: (await (await fetch(config!)).json()) as Record<string, unknown>,
          files: { 'model.safetensors': await fetchBytes(weights!) },
        })
      : await openGguf('model.gguf', await fetchBytes(gguf));
  const model = await loadModel(opened, runtime);
  const prefix = await computePrefix(model, before, model.pretrained);
  const at = { prefix, projections: model.pretrained };
  const query = { tokens, tap: tokens.length - 1, reads: [tokens.length - 1] };
  const { queries } = await observe.observe(model, at, [query], { labels, doing: 'a query' });
  const { losses, projections } = await setting.finetune(model, [sequence], { learningRate: 0.001 });
  const tensors = await observe.trace(model, { prefix: emptyPrefix(model.decoder), projections }, tokens);
  await releasePrefix(model, prefix);
  await setting.releaseProjections(model, projections);
  await runtime.close();
  return {
    digest: opened.checkpoint.digest,
    logProbabilities: [...queries[0]!.logProbabilities[0]!],
    losses: [...losses],
    trace: tensors.map(({ name, data }) => ({ name, data: [...data] })),
  };
}

/** Token ids of texts by the `tokenizer.json` at an address. */
export async function encode(tokenizer: string, texts: readonly string[]): Promise<readonly (readonly number[])[]> {
  return (await openTokenizer(await fetchBytes(tokenizer))).encodeAll(texts);
}
