import { Command } from 'commander';
import type { CommandLine, Perform } from '../options/command-line.ts';

const completeLine: CommandLine = { name: 'complete', description: '', examples: [] };

/** What the scripts call: `dualform complete -- WORDS`. */
export function completeCommand(perform: Perform): Command {
  const command = new Command('complete').argument('[words...]').allowUnknownOption().allowExcessArguments();
  return command.helpOption(false).action(() => perform(completeLine, { options: {}, args: command.args }));
}
