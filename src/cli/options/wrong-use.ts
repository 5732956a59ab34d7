import type { Command, CommanderError } from 'commander';
import { closest } from 'fastest-levenshtein';
import { CommandError } from './command-error.ts';

/**
 * Makes a command throw what is wrong with its use, on one line with the nearest right name, in
 * place of printing it.
 */
export function strict(command: Command): Command {
  return command
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride(error => {
      throw error.code === 'commander.help' || error.exitCode === 0 ? error : wrongUse(error, command);
    });
}

function wrongUse({ code, message }: CommanderError, command: Command): CommandError {
  const what = message
    .replace(/^error: /, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/\.$/, '');
  return new CommandError(what + hint(code, what, command), 2);
}

function hint(code: string, what: string, command: Command): string {
  const typed = /'([^']*)'/.exec(what)?.[1] ?? '';
  switch (code) {
    case 'commander.unknownOption':
      return `; the nearest option is ${closest(typed, optionNames(command))}`;
    case 'commander.unknownCommand':
      if (typed === 'help') return `; see ${fullName(command)} --help`;
      return `; the nearest command is ${closest(typed, commandNames(command))}`;
    case 'commander.invalidArgument':
      return '';
    default:
      return `; see ${fullName(command)} --help`;
  }
}

function optionNames(command: Command): string[] {
  return [...command.options.filter(option => !option.hidden).map(({ long }) => long!), '--help'];
}

function commandNames(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map(each => each.name());
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
