import type { CommandLine } from '../options/command-line.ts';

export const completionCommand: CommandLine = {
  name: 'completion',
  description: 'print a script that completes commands and options in a shell',
  argument: { name: 'shell', description: 'name of the shell', choices: ['bash', 'zsh', 'fish', 'powershell'] },
  examples: [
    { line: 'dualform completion bash', says: 'add to ~/.bashrc: source <(dualform completion bash)' },
    { line: 'dualform completion zsh', says: 'add to ~/.zshrc: source <(dualform completion zsh)' },
  ],
};
