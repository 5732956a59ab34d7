import type { CommandLine } from '../options/command-line.ts';

export const evidenceCommand: CommandLine = {
  name: 'evidence',
  description: 'settle what the similarities are evidence of: nulls, ceilings, a registered plan, verdicts',
  options: async () => (await import('./options.ts')).evidenceCommandOptions,
  out: { description: 'the folder of the study', byDefault: 'runs/<signature>' },
  dryRun: 'show what would be computed, and what it could show: time, memory, disk, smallest effects',
  computes: true,
  parts: true,
  examples: [{ line: 'dualform evidence --plan-only --out study', says: 'register the plan, and publish its SHA-256' }],
};
