import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArm } from '../../src/study/evidence/arm.ts';
import type { ArmRecord, MissingArm } from '../../src/study/evidence/arm-record.ts';
import { partOf, type StudyCost } from '../../src/study/evidence/cost.ts';

/** The stored arms of one part of a study, with their seconds by the estimate and as measured. */
interface ComparedPart {
  readonly task: string;
  readonly part: string;
  readonly arms: number;
  readonly estimated: number;
  readonly measured: number;
}

/** @param folder of the study */
export function comparedParts({ parts }: StudyCost, folder: string): readonly ComparedPart[] {
  return parts.map(({ task, part, arms, seconds }) => {
    const stored = recordsOf(join(folder, task, 'arms')).filter(({ arm }) => partOf(readArm(arm)) === part);
    const measured = stored.reduce((sum, record) => sum + ('seconds' in record ? record.seconds : 0), 0);
    return { task, part, arms, estimated: seconds!, measured };
  });
}

function recordsOf(folder: string): readonly (ArmRecord | MissingArm)[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}
