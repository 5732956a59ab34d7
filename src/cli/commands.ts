import { completionCommand } from './completion/command.ts';
import { doctorCommand } from './doctor/command.ts';
import { evidenceCommand } from './evidence/command.ts';
import { exploreCommand } from './explore/command.ts';
import { finetuneCommand } from './finetune/command.ts';
import { modelsCommand } from './models/command.ts';
import { momentumCommand } from './momentum/command.ts';
import type { CommandLine } from './options/command-line.ts';
import { pullCommand } from './pull/command.ts';
import { reportCommand } from './report/command.ts';
import { runCommand } from './run/command.ts';
import { scoreCommand } from './score/command.ts';
import { sweepCommand } from './sweep/command.ts';
import { tableCommand } from './table/command.ts';
import { tasksCommand } from './tasks/command.ts';
import { theoryCommand } from './theory/command.ts';
import { tokenizeCommand } from './tokenize/command.ts';
import { traceCommand } from './trace/command.ts';
import { trainCommand } from './train/command.ts';
import { tuneCommand } from './tune/command.ts';
import { workerCommand } from './worker/command.ts';

/** In the order of the help. */
export const COMMANDS: readonly CommandLine[] = [
  runCommand,
  traceCommand,
  finetuneCommand,
  scoreCommand,
  tokenizeCommand,
  tuneCommand,
  tableCommand,
  trainCommand,
  theoryCommand,
  momentumCommand,
  evidenceCommand,
  sweepCommand,
  workerCommand,
  reportCommand,
  exploreCommand,
  modelsCommand,
  tasksCommand,
  pullCommand,
  doctorCommand,
  completionCommand,
];
