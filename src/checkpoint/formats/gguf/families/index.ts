import type { Architecture } from './architecture.ts';
import { bloom } from './bloom.ts';
import { gemma, gemma2, gemma3 } from './gemma.ts';
import { gptNeoX } from './gpt-neox.ts';
import { gpt2 } from './gpt2.ts';
import { llama, qwen2, qwen3 } from './llama.ts';
import { phi2 } from './phi2.ts';
import { phi3 } from './phi3.ts';

/** The architectures of GGUF files that are read, by their `general.architecture`. */
export const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  ['llama', llama],
  ['qwen2', qwen2],
  ['qwen3', qwen3],
  ['gemma', gemma],
  ['gemma2', gemma2],
  ['gemma3', gemma3],
  ['gpt2', gpt2],
  ['gptneox', gptNeoX],
  ['bloom', bloom],
  ['phi2', phi2],
  ['phi3', phi3],
]);
