import { Command } from 'commander';
import { withEverywhere, withExamples, withModelOptions } from '../options/everywhere.ts';

export function finetuneCommand(): Command {
  const command = new Command('finetune')
    .description('one plain SGD step for each sequence, on the key and value projections of all layers')
    .option('--sequences <file>', 'a .json file: a list of token-id lists')
    .option('--learning-rate <number>', 'size of the steps')
    .option('--out <file>', 'the .safetensors file to write: changed tensors, and the losses before each step');
  return withExamples(withEverywhere(withModelOptions(command)), [
    {
      line: 'dualform finetune --sequences sequences.json --learning-rate 0.003 --out tuned.safetensors',
      says: 'where sequences.json is, for instance, [[0, 504, 2471], [0, 436, 1123, 253]]',
    },
  ]);
}
