import type { CommandLine } from '../options/command-line.ts';

export const modelsCommand: CommandLine = {
  name: 'models',
  description: 'list the embedded models: origin, licence, disk and memory',
  examples: [
    { line: 'dualform models', says: 'a list' },
    { line: 'dualform models --json', says: 'the same for a program' },
  ],
};
