import type { Format } from '../format.ts';
import { config } from './config.ts';
import { delimited } from './delimited.ts';
import { dictionary } from './dictionary.ts';
import { gguf } from './gguf.ts';
import { runFolder } from './run-folder.ts';
import { safetensors } from './safetensors.ts';
import { shardIndex } from './shard-index.ts';
import { jsonLines, taskFile } from './task.ts';
import { tokenizer } from './tokenizer.ts';
import { torchPickle, torchZip } from './torch.ts';

/** Every format of input files and run folders. */
export const formats: readonly Format[] = [
  safetensors,
  shardIndex,
  gguf,
  torchZip,
  torchPickle,
  tokenizer,
  dictionary,
  config,
  jsonLines,
  delimited,
  taskFile,
  runFolder,
];
