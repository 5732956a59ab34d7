import type { CommandLine } from '../options/command-line.ts';

export const doctorCommand: CommandLine = {
  name: 'doctor',
  description: 'check runtime, memory, caches, embedded model and data, and say what to do',
  examples: [
    { line: 'dualform doctor', says: 'exit status 1 when a check fails' },
    { line: 'dualform doctor --json', says: 'the same for a program' },
  ],
};
