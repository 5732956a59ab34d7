import { Command } from 'commander';
import { DEFAULT_MODEL, withEverywhere, withExamples } from '../options/everywhere.ts';

export function tokenizeCommand(): Command {
  const command = new Command('tokenize')
    .description('token ids of texts, and what each token is called in the vocabulary; no token is added')
    .option('--model <model>', `whose tokenizer, as in "dualform score" (default: ${DEFAULT_MODEL})`)
    .option('--tokenizer <file>', 'a tokenizer.json, a folder that holds one, or a .gguf file, in place of a model')
    .option('--text <text>', 'a text; special tokens in it are recognised')
    .option('--file <file>', 'a .jsonl file in place of a text, {"text": ...} on each line');
  return withExamples(withEverywhere(command), [
    { line: 'dualform tokenize --text " a gorgeous film"', says: 'by the embedded model, one line a token' },
    {
      line: 'dualform tokenize --tokenizer my-model/tokenizer.json --file texts.jsonl --json',
      says: 'ids and pieces of each line, for a program',
    },
  ]);
}
