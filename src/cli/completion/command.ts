import { Argument, Command } from 'commander';
import { withExamples } from '../options/everywhere.ts';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export function completionCommand(): Command {
  const command = new Command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
    .option('--debug', 'print stack traces of errors');
  return withExamples(command, [
    { line: 'dualform completion bash', says: 'add to ~/.bashrc: source <(dualform completion bash)' },
    { line: 'dualform completion zsh', says: 'add to ~/.zshrc: source <(dualform completion zsh)' },
  ]);
}

/** What the scripts call: `dualform complete -- WORDS`. */
export function completeCommand(): Command {
  return new Command('complete').argument('[words...]').allowUnknownOption().allowExcessArguments().helpOption(false);
}
