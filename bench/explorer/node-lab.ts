import { readFileSync } from 'node:fs';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { openLab } from '../../src/explore/live/lab.ts';
import type { LiveRequest } from '../../src/explore/live/request.ts';
import { loadModel } from '../../src/model/loaded-model.ts';
import { openRuntime } from '../../src/runtime/node/open-runtime.ts';
import { openTokenizer } from '../../src/tokenizer/tokenizer.ts';

/** Live on the embedded model in Node, with the example of "How to read this". */
export async function nodeLab(threads: number) {
  const checkpoint = await openCheckpoint('smollm2-135m-instruct');
  const runtime = await openRuntime({ threads });
  const lab = openLab(await loadModel(checkpoint, runtime), await openTokenizer(checkpoint.tokenizer!));
  const file = new URL('../../packages/explorer/src/pages/example.json', import.meta.url);
  const { request } = JSON.parse(readFileSync(file, 'utf8')) as { readonly request: LiveRequest };
  await lab.answer(request);
  return {
    /** Seconds of a step. */
    async stepSeconds(learningRate: number): Promise<number> {
      const ends: number[] = [];
      await lab.answer(
        { ...request, learningRate },
        {
          onProgress: ({ stage }) => {
            if (stage === 'finetuning') ends.push(performance.now());
          },
        },
      );
      return (ends.at(-1)! - ends[0]!) / 1000 / (ends.length - 1);
    },
    close: () => runtime.close(),
  };
}
