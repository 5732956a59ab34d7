import { type Command, InvalidArgumentError, Option } from 'commander';
import { closest } from 'fastest-levenshtein';

/** A line of `--help` that can be typed as it stands. */
export interface Example {
  readonly line: string;
  readonly says: string;
}

/** What the commands call rows of one's own. */
export const OWN_ROWS =
  'a .jsonl, .csv, .tsv or .parquet file (also .gz) with F.task.json beside it, or a data set hf:org/name[:config] with name.task.json here';

export const DEFAULT_MODEL = 'smollm2-135m-instruct';

/** Options that every command takes. */
export function withEverywhere(command: Command): Command {
  return command
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .option('--quiet', 'print no progress and no messages')
    .option('--debug', 'print stack traces of errors')
    .option('--threads <number>', 'threads to compute with (default: the physical cores that may be used)')
    .option('--offline', 'refuse the network');
}

/** Options of every command that opens a model. */
export function withModelOptions(command: Command): Command {
  return command
    .option(
      '--model <model>',
      'a name from "dualform models", a folder with config.json and .safetensors files, a .gguf file, a model.pt of fairseq, or a hub id org/name[@revision]',
      DEFAULT_MODEL,
    )
    .option('--heads <number>', 'attention heads of a fairseq model.pt that does not say and has no published size')
    .option('--momentum <eta>', 'runs the model with momentum attention, 0 <= eta < 1 (default: as it was trained)');
}

/** An option with fixed values: others are refused with the nearest one. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  const option = new Option(flags, description).choices(values);
  return option.argParser(value => {
    if (values.includes(value)) return value;
    throw new InvalidArgumentError(`did you mean ${closest(value, [...values])}? (there are ${values.join(', ')})`);
  });
}

/** Puts examples under the help of a command. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  const lines = examples.map(({ line, says }) => `  $ ${line}\n      ${says}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
