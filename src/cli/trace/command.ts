import { Command } from 'commander';
import { withEverywhere, withExamples, withModelOptions } from '../options/everywhere.ts';

export function traceCommand(): Command {
  const command = new Command('trace')
    .description('one forward pass, everything read: logits, attention outputs, attention scores, queries')
    .option('--tokens <ids>', 'token ids, separated by commas')
    .option('--text <text>', 'text in place of token ids; no token is added')
    .option('--prefix-tokens <ids>', 'token ids that stand before')
    .option('--prefix-text <text>', 'text in place of token ids')
    .option(
      '--taps <list>',
      'which tensors: logits, attention_output, attention_scores, query (of all layers), or names such as layers.3.query (default: all)',
    )
    .option('--out <file>', 'the .safetensors file to write');
  return withExamples(withEverywhere(withModelOptions(command)), [
    { line: 'dualform trace --text "The film was" --out film.safetensors', says: 'every tensor of three words' },
    {
      line: 'dualform trace --tokens 504,2471,436 --prefix-tokens 0 --taps logits --out logits.safetensors',
      says: 'the same words behind the BOS, logits alone',
    },
    {
      line: 'dualform trace --text " good" --prefix-text "The film was" --taps layers.3.query,attention_scores --out t.safetensors',
      says: 'some tensors of a word behind a prefix',
    },
  ]);
}
