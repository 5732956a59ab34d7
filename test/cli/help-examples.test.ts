import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { everywhereSchema, readOptions } from '../../src/cli/options/option-values.ts';
import { makeProgram, type Typed } from '../../src/cli/program.ts';
import { dualform } from './dualform.ts';

const commands = makeProgram(async () => {}).commands.filter(command => command.name() !== 'complete');

/** Splits as a shell does, for what the examples use: words and double quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

async function schemaOf(command: string): Promise<z.ZodType> {
  const action: { readonly schema?: z.ZodType } = await import(`../../src/cli/${command}/action.ts`);
  return action.schema ?? everywhereSchema;
}

describe.each(commands.map(command => command.name()))('%s --help', name => {
  test('has examples that are right use', async () => {
    const { stdout, exitCode } = await dualform([name, '--help']);
    expect(exitCode).toBe(0);
    const examples = [...stdout.matchAll(/^ {2}\$ dualform (.+)$/gm)].map(match => match[1]!);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      let heard: { readonly command: string; readonly typed: Typed } | undefined;
      const program = makeProgram(async (command, typed) => {
        heard = { command, typed };
      });
      await program.parseAsync(words(example), { from: 'user' });
      expect(heard!.command, example).toBe(name);
      expect(() => readOptions(everywhereSchema, heard!.typed.options)).not.toThrow();
      const schema = await schemaOf(name);
      expect(() => readOptions(schema, heard!.typed.options)).not.toThrow();
    }
  });
});

test('defaults are those of the library', async () => {
  const { DEFAULT_MODEL, DEFAULT_TASK } = await import('../../src/run/options.ts');
  for (const name of ['run', 'tune']) {
    const { model, task } = commands.find(command => command.name() === name)!.opts();
    expect({ model, task }).toEqual({ model: DEFAULT_MODEL, task: DEFAULT_TASK });
  }
});
