import type { PageFile, PageModel } from '../../../../src/explore/page-data.ts';
import {
  type CheckpointInMemory,
  fetchBytes,
  fetchKept,
  isKept,
  type KeptFile,
  openGguf,
  openSafetensors,
  UserError,
} from '../../../../src/web.ts';

/** Whether the browser keeps the weights of the page's model. */
export async function isModelKept({ files }: PageModel, base: string): Promise<boolean> {
  if (files.kind === 'none') return false;
  const weights = files.kind === 'gguf' ? [files.weights] : files.weights;
  const kept = await Promise.all(weights.map(({ path }) => isKept(new URL(path, base))));
  return kept.every(Boolean);
}

type OnProgress = (stage: string, done: number, total: number) => void;

/**
 * Opens the model of the page. Its weights are fetched once and kept in the browser.
 *
 * @throws UserError when a page cannot open it
 */
export async function openPageModel(
  { name, digest, files }: PageModel,
  base: string,
  onProgress: OnProgress,
): Promise<{ readonly checkpoint: CheckpointInMemory; readonly tokenizer: CheckpointInMemory | Uint8Array }> {
  const fetchingOf = (file: PageFile) => ({
    onProgress: (done: number) => onProgress(`fetching ${file.name}`, done, file.bytes),
  });
  const kept = (file: PageFile, sha256?: string): Promise<KeptFile> =>
    fetchKept(new URL(file.path, base), { ...fetchingOf(file), sha256 });
  switch (files.kind) {
    case 'none':
      throw new UserError(files.why, { remedy: 'compute on this machine' });
    case 'gguf': {
      const checkpoint = await openGguf(name, await kept(files.weights, digest));
      return { checkpoint, tokenizer: checkpoint };
    }
    case 'safetensors': {
      const weights: Record<string, KeptFile> = {};
      for (const file of files.weights) weights[file.name] = await kept(file);
      const { tokenizer, config } = files;
      const vocabulary = await fetchBytes(new URL(tokenizer.path, base), fetchingOf(tokenizer));
      return { checkpoint: await openSafetensors(name, { config, files: weights }), tokenizer: vocabulary };
    }
  }
}
