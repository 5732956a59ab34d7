import { Command } from 'commander';
import { VERSION } from '../run/version.ts';
import { completeCommand, completionCommand } from './completion/command.ts';
import { doctorCommand } from './doctor/command.ts';
import { finetuneCommand } from './finetune/command.ts';
import { modelsCommand } from './models/command.ts';
import { momentumCommand } from './momentum/command.ts';
import { strict } from './options/wrong-use.ts';
import { pullCommand } from './pull/command.ts';
import { runCommand } from './run/command.ts';
import { scoreCommand } from './score/command.ts';
import { tableCommand } from './table/command.ts';
import { tasksCommand } from './tasks/command.ts';
import { theoryCommand } from './theory/command.ts';
import { tokenizeCommand } from './tokenize/command.ts';
import { traceCommand } from './trace/command.ts';
import { trainCommand } from './train/command.ts';
import { tuneCommand } from './tune/command.ts';

/** What was typed: options by name as text, and arguments. */
export interface Typed {
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
}

/** Does what a command promises. */
export type Perform = (command: string, typed: Typed) => Promise<void>;

/** What a newcomer does, as it is typed: npx runs the command in a checkout. */
function firstSteps(): string {
  const command = process.env.npm_command === 'exec' ? 'npx dualform' : 'dualform';
  const steps = [
    ['run', 'the main job with the model and the data that come with dualform: about two minutes on two cores'],
    ['doctor', 'what this machine can do, and whether everything is in place'],
    [
      'run --task reviews.csv --model org/name',
      'your own rows, described in reviews.task.json, and a model of the hub; "run --help" says more',
    ],
  ];
  return `\nBegin with:\n${steps.map(([words, says]) => `  $ ${command} ${words}\n      ${says}`).join('\n')}`;
}

/** The command line as it is typed: names, options and help, without anything that does the work. */
export function makeProgram(perform: Perform): Command {
  const program = strict(new Command('dualform'))
    .description('The laboratory for in-context learning as gradient descent.')
    .version(VERSION)
    .helpCommand(false)
    .addHelpText('after', firstSteps);
  const commands = [
    runCommand(),
    traceCommand(),
    finetuneCommand(),
    scoreCommand(),
    tokenizeCommand(),
    tuneCommand(),
    tableCommand(),
    trainCommand(),
    theoryCommand(),
    momentumCommand(),
    modelsCommand(),
    tasksCommand(),
    pullCommand(),
    doctorCommand(),
    completionCommand(),
  ];
  for (const command of commands) program.addCommand(strict(command));
  program.addCommand(strict(completeCommand()), { hidden: true });
  for (const command of program.commands) {
    command.action(() => {
      const options: Record<string, unknown> = command.opts();
      return perform(command.name(), { options, args: command.args });
    });
  }
  return program;
}
