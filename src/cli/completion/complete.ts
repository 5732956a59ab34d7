import completion from '@bomb.sh/tab';
import type { Command } from 'commander';
import { EMBEDDED_MODELS } from '../../checkpoint/models.ts';
import { settingNames } from '../../setting/setting.ts';
import { TASK_NAMES } from '../../task/open-task.ts';
import { makeProgram, type Typed } from '../program.ts';

/** Values of options that are no file names. */
const values: Readonly<Record<string, readonly string[]>> = {
  '--task': TASK_NAMES,
  '--tasks': ['all', ...TASK_NAMES],
  '--model': EMBEDDED_MODELS.map(({ name }) => name),
  '--settings': settingNames,
  '--corpus': ['tinyshakespeare'],
  '--taps': ['logits', 'attention_output', 'attention_scores', 'query'],
};

/** Prints what may follow the typed words, as the scripts of `dualform completion` read it. */
export async function perform({ args }: Typed): Promise<void> {
  const program = makeProgram(async () => {});
  for (const command of program.createHelp().visibleCommands(program)) describe(command);
  completion.parse([...args]);
}

function describe(command: Command): void {
  const described = completion.command(command.name(), command.description());
  for (const { long, description, required, argChoices } of command.createHelp().visibleOptions(command)) {
    const name = long!.slice(2);
    if (required) described.option(name, description, offer(argChoices ?? values[long!] ?? []));
    else described.option(name, description);
  }
  for (const argument of command.registeredArguments) {
    described.argument(argument.name(), offer(argument.argChoices ?? []));
  }
}

function offer(known: readonly string[]): (complete: (value: string, description: string) => void) => void {
  return complete => {
    for (const value of known) complete(value, '');
  };
}
