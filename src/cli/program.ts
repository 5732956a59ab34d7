import { Argument, Command } from 'commander';
import { VERSION } from '../run/version.ts';
import { COMMANDS } from './commands.ts';
import type { CommandLine, Example, Perform } from './options/command-line.ts';
import { strict } from './options/wrong-use.ts';

/** What to begin with, as it is typed: npx runs the command in a checkout. */
function firstSteps(): string {
  const command = process.env.npm_command === 'exec' ? 'npx dualform' : 'dualform';
  const steps: readonly Example[] = [
    { line: 'run', says: 'the main job, with the model and data that come with dualform: two minutes on two cores' },
    { line: 'doctor', says: 'check this machine and the installation' },
    {
      line: 'run --task reviews.csv --model org/name',
      says: 'your own rows, described in reviews.task.json, and a model of the hub; see "run --help"',
    },
  ];
  return `\nBegin with:\n${formatExamples(steps.map(({ line, says }) => ({ line: `${command} ${line}`, says })))}`;
}

function formatExamples(examples: readonly Example[]): string {
  return examples.map(({ line, says }) => `  $ ${line}\n      ${says}`).join('\n');
}

/**
 * Names, options and help of all commands. The options of a command are loaded when it is typed.
 */
export function makeProgram(perform: Perform): Command {
  const program = strict(new Command('dualform'))
    .description('The laboratory for in-context learning as gradient descent.')
    .version(VERSION)
    .helpCommand(false)
    .addHelpText('after', firstSteps);
  const lines = new Map<string, CommandLine>();
  for (const line of COMMANDS) {
    lines.set(line.name, line);
    program.addCommand(strict(commandOf(line, perform)));
  }
  program.addCommand(strict(completeCommand(perform)), { hidden: true });
  program.hook('preSubcommand', async (_, command) => {
    const line = lines.get(command.name());
    if (line === undefined) return;
    const [{ commanderOptions }, { shapeOf }] = await Promise.all([
      import('./options/flags.ts'),
      import('./options/shape.ts'),
    ]);
    for (const option of commanderOptions(await shapeOf(line))) command.addOption(option);
  });
  return program;
}

function commandOf(line: CommandLine, perform: Perform): Command {
  const command = new Command(line.name).description(line.description);
  if (line.argument !== undefined) {
    const { name, description, choices, optional, variadic } = line.argument;
    const written = variadic ? `${name}...` : name;
    const argument = new Argument(optional ? `[${written}]` : `<${written}>`, description);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  return command
    .addHelpText('after', `\nExamples:\n${formatExamples(line.examples)}`)
    .action(() => perform(line, { options: command.opts(), args: command.args }));
}

const completeLine: CommandLine = { name: 'complete', description: '', examples: [] };

/** What the scripts call: `dualform complete -- WORDS`. */
function completeCommand(perform: Perform): Command {
  const command = new Command('complete').argument('[words...]').allowUnknownOption().allowExcessArguments();
  return command.helpOption(false).action(() => perform(completeLine, { options: {}, args: command.args }));
}
