/** @file What is stored of a study, as the fold reads it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import { fileError } from '../../files/file-bytes.ts';
import { armStore, armsFolder, taskFolder } from './arm-store.ts';
import type { EvidencePlan, TaskPlan } from './plan.ts';
import type { TaskData } from './study-data.ts';

/**
 * A task of a study: its plan, what `tokens.jsonl` says of queries and demonstrations, and its arms
 * when they are requested. Needs no model.
 *
 * @throws UserError when the folder lacks `tokens.jsonl`, or it does not belong to the plan
 */
export async function readTaskData(folder: string, { sizes }: EvidencePlan, plan: TaskPlan): Promise<TaskData> {
  const { read } = armStore(armsFolder(folder, plan), sizes, plan);
  return { plan, ...sizes, ...(await tokensOf(join(taskFolder(folder, plan), 'tokens.jsonl'), plan)), arm: read };
}

async function tokensOf(
  file: string,
  plan: TaskPlan,
): Promise<Pick<TaskData, 'gold' | 'queryRows' | 'demonstrations'>> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw fileError(file, error, '; the command that began the study writes it');
  });
  const gold: number[] = [];
  const queryRows: number[] = [];
  const demonstrations: number[][] = Array.from({ length: plan.seeds }, () => []);
  for (const [i, line] of text.split('\n').slice(0, -1).entries()) {
    const { kind, arm, index, label, row, step } = parsed(line, `${file}:${i + 1}`);
    if (kind === 'query') [gold[index!], queryRows[index!]] = [label!, row!];
    const [, seed] = /^F\/(\d+)\/same$/.exec(arm ?? '') ?? [];
    if (kind === 'finetuning' && seed !== undefined) demonstrations[Number(seed) - 1]![step!] = row!;
  }
  const whole = gold.length === plan.behaviourRows && demonstrations.every(({ length }) => length === plan.k);
  if (whole) return { gold, queryRows, demonstrations };
  throw new UserError(`${file}: does not have the queries and demonstrations of the plan`);
}

interface TokenLine {
  readonly kind?: string;
  readonly arm?: string;
  readonly index?: number;
  readonly label?: number;
  readonly row?: number;
  readonly step?: number;
}

function parsed(line: string, place: string): TokenLine {
  try {
    return JSON.parse(line) as TokenLine;
  } catch (cause) {
    throw new UserError(`${place}: is not JSON`, { cause });
  }
}
