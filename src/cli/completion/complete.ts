import completion from '@bomb.sh/tab';
import { textOf } from '../../options.ts';
import { COMMANDS } from '../commands.ts';
import type { CommandLine } from '../options/command-line.ts';
import { flagsOf } from '../options/flags.ts';
import { choicesOf, isBoolean } from '../options/kind.ts';
import { shapeOf } from '../options/shape.ts';

/** Prints what may follow the typed words, as the scripts of `dualform completion` read it. */
export async function complete(words: readonly string[]): Promise<void> {
  for (const line of COMMANDS) await describe(line, line.name === words[0]);
  completion.parse([...words]);
}

async function describe(line: CommandLine, typed: boolean): Promise<void> {
  const described = completion.command(line.name, line.description);
  if (line.argument !== undefined) described.argument(line.argument.name, offer(line.argument.choices ?? []));
  if (!typed) return;
  const shape = await shapeOf(line);
  for (const [name, flag] of flagsOf(shape)) {
    const schema = shape[name]!;
    const { description, suggestions } = textOf(schema);
    const word = flag.slice(2);
    if (isBoolean(schema)) described.option(word, description);
    else described.option(word, description, offer(suggestions ?? choicesOf(schema)));
  }
}

function offer(known: readonly string[]): (complete: (value: string, description: string) => void) => void {
  return complete => {
    for (const value of known) complete(value, '');
  };
}
