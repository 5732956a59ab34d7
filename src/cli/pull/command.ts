import type { CommandLine } from '../options/command-line.ts';

export const pullCommand: CommandLine = {
  name: 'pull',
  description: 'download a model or data set from the Hugging Face hub into the cache that the Python tools share',
  argument: {
    name: 'id',
    description: 'org/name, or org/name@revision: a branch, a tag or a commit; hf:org/name[:config] for a data set',
  },
  examples: [
    { line: 'dualform pull openai-community/gpt2', says: 'then: dualform run --model openai-community/gpt2' },
    { line: 'dualform pull hf:stanfordnlp/sst2', says: 'a data set: its .parquet files' },
    {
      line: 'dualform pull EleutherAI/pythia-70m@step3000',
      says: 'another revision; HF_TOKEN gives access to gated models, HF_HUB_CACHE moves the cache',
    },
  ],
};
