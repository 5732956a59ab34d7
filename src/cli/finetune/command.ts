import type { CommandLine } from '../options/command-line.ts';

export const finetuneCommand: CommandLine = {
  name: 'finetune',
  description: 'take one plain SGD step for each sequence, on the key and value projections of all layers',
  options: async () => (await import('./options.ts')).finetuneOptions,
  computes: true,
  examples: [
    {
      line: 'dualform finetune --sequences sequences.json --learning-rate 0.003 --out tuned.safetensors',
      says: 'where sequences.json holds, for example, [[0, 504, 2471], [0, 436, 1123, 253]]',
    },
  ],
};
