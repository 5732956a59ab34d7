import type { PageFile, PageModel } from '../../../../src/explore/page-data.ts';
import { type CheckpointInMemory, fetchBytes, openGguf, openSafetensors, UserError } from '../../../../src/web.ts';

type OnProgress = (stage: string, done: number, total: number) => void;

/** Fetches and opens the model of the page. @throws UserError when a page cannot open it */
export async function openPageModel(
  { name, files }: PageModel,
  base: string,
  onProgress: OnProgress,
): Promise<{ readonly checkpoint: CheckpointInMemory; readonly tokenizer: CheckpointInMemory | Uint8Array }> {
  const read = (file: PageFile) =>
    fetchBytes(new URL(file.path, base), {
      onProgress: done => onProgress(`fetching ${file.name}`, done, file.bytes),
    });
  switch (files.kind) {
    case 'none':
      throw new UserError(files.why, { remedy: 'compute on this machine' });
    case 'gguf': {
      const checkpoint = await openGguf(name, await read(files.weights), ({ done, total }) =>
        onProgress('unpacking the weights', done, total),
      );
      return { checkpoint, tokenizer: checkpoint };
    }
    case 'safetensors': {
      const weights: Record<string, Uint8Array> = {};
      for (const file of files.weights) weights[file.name] = await read(file);
      const tokenizer = await read(files.tokenizer);
      return { checkpoint: await openSafetensors(name, { config: files.config, files: weights }), tokenizer };
    }
  }
}
