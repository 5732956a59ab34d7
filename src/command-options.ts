import type { z } from 'zod';
import { type OptionShape, optionsJsonSchema } from './options.ts';
import { runOptions } from './run/options.ts';
import { tableOptions } from './run/paper/options.ts';
import { tuneOptions } from './run/tune/options.ts';
import { theoryOptions } from './study/dual-form/options.ts';
import { evidenceOptions } from './study/evidence/options.ts';
import { momentumOptions } from './study/momentum/options.ts';
import { trainOptions } from './train/options.ts';

const shapes = {
  run: runOptions,
  table: tableOptions,
  tune: tuneOptions,
  train: trainOptions,
  theory: theoryOptions,
  momentum: momentumOptions,
  evidence: evidenceOptions,
} satisfies Record<string, OptionShape>;

/** Commands whose options decide numbers. */
export type CommandName = keyof typeof shapes;

export const commandNames = Object.keys(shapes) as readonly CommandName[];

/**
 * The options of a command under the names that the library gives them, as JSON Schema (draft
 * 2020-12) with descriptions and defaults. Hooks, as `out` and `threads`, are not among them.
 */
export function jsonSchemaOf(command: CommandName): z.core.JSONSchema.JSONSchema {
  return optionsJsonSchema(shapes[command]);
}
