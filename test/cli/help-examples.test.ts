import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { CommandLine, Typed } from '../../src/cli/options/command-line.ts';
import { readTyped } from '../../src/cli/options/read-typed.ts';
import { shapeOf } from '../../src/cli/options/shape.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { dualform } from './dualform.ts';

/** Splits as a shell does, for what the examples use: words and double quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

describe.each(COMMANDS.map(({ name }) => name))('%s --help', name => {
  test('has examples that are right use', async () => {
    const { stdout, exitCode } = await dualform([name, '--help']);
    expect(exitCode).toBe(0);
    const examples = [...stdout.matchAll(/^ {2}\$ dualform (.+)$/gm)].map(match => match[1]!);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      let heard: { readonly line: CommandLine; readonly typed: Typed } | undefined;
      const program = makeProgram(async (line, typed) => {
        heard = { line, typed };
      });
      await program.parseAsync(words(example), { from: 'user' });
      expect(heard!.line.name, example).toBe(name);
      const shape = await shapeOf(heard!.line);
      expect(() => readTyped(shape, heard!.typed.options)).not.toThrow();
    }
  });
});
