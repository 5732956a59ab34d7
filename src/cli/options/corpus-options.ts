import type { Command } from 'commander';

/** The options that say what text a model is trained on. */
export function withCorpusOptions(command: Command): Command {
  return command
    .option('--corpus <list>', 'text files, folders of .txt files, or tinyshakespeare (default: tinyshakespeare)')
    .option('--validation <list>', 'texts to validate on (default: the last tenth of the corpus)')
    .option(
      '--document-separator <line>',
      'a line of this text parts documents, "" for a blank line (default: a file is a document)',
    )
    .option(
      '--tokenizer <path>',
      'a tokenizer.json, its folder, or gpt2 (default: byte pairs are trained on the corpus)',
    )
    .option('--vocabulary <number>', 'tokens of the tokenizer that is trained, 257 to 30000');
}
