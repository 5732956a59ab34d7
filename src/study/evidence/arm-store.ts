/**
 * @file Where arms are stored: `<task>/arms/<name>.json` with the record and the digest of the
 * tensors, and `<task>/arms/<name>.safetensors`. The record is written last, so an arm is there if
 * its record is.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSafetensors } from '../../checkpoint/sources/read-safetensors.ts';
import { writeSafetensors } from '../../checkpoint/sources/write-safetensors.ts';
import { UserError } from '../../error.ts';
import type { Json } from '../../files/canonical-json.ts';
import { errorCode, fileError } from '../../files/file-bytes.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { valueAt } from '../../files/rename-keys.ts';
import { readJson, writeText } from '../../files/run-folder.ts';
import { fileNameOf } from './arm.ts';
import type { ArmData, ArmRecord, MissingArm } from './arm-record.ts';
import type { EvidencePlan, TaskPlan } from './plan.ts';

/** The folder of a task in that of the study. */
export function taskFolder(folder: string, { name }: Pick<TaskPlan, 'name'>): string {
  return join(folder, taskFolderName(name));
}

export function taskFolderName(task: string): string {
  return task.replaceAll(/[^\w.-]/g, '-');
}

/** Where the arms of a task are. @param folder of the study */
export function armsFolder(folder: string, task: Pick<TaskPlan, 'name'>): string {
  return join(taskFolder(folder, task), 'arms');
}

/** Reads and writes the arms of one task. */
export interface ArmStore {
  /** File names, without `.json`, of all stored arms. */
  readonly stored: () => Promise<ReadonlySet<string>>;
  /** Ids of the stored arms that have a reason in place of numbers: of all, or of some. */
  readonly missing: (among?: readonly string[]) => Promise<readonly string[]>;
  /** That stored arms took. */
  readonly seconds: (ids: readonly string[]) => Promise<number>;
  readonly write: (arm: ArmData | MissingArm) => Promise<void>;
  /** @throws UserError when it is not there, or not as it was written */
  readonly read: (id: string) => Promise<ArmData | MissingArm>;
}

/** @param arms the folder that holds them */
export function armStore(arms: string, sizes: EvidencePlan['sizes'], task: TaskPlan): ArmStore {
  const fileOf = (id: string, ending: string) => join(arms, `${fileNameOf({ id })}.${ending}`);
  return {
    stored: () => namesIn(arms),
    missing: async among => {
      const ids: string[] = [];
      for (const name of among?.map(id => fileNameOf({ id })) ?? (await namesIn(arms))) {
        const json = await readJson(join(arms, `${name}.json`));
        if (json === undefined || valueAt(json, 'why') === undefined) continue;
        ids.push(valueAt(json, 'arm') as string);
      }
      return ids;
    },
    seconds: async ids => {
      let sum = 0;
      for (const id of ids) sum += Number(valueAt((await readJson(fileOf(id, 'json'))) ?? null, 'seconds') ?? 0);
      return sum;
    },
    write: async arm => {
      if ('why' in arm) {
        const { arm: id, why } = arm;
        return writeText(fileOf(id, 'json'), prettyJson({ arm: id, why }));
      }
      const { record } = arm;
      const file = fileOf(record.arm, 'safetensors');
      await writeSafetensors(file, tensorsOf(arm, sizes));
      const digest = digestOf(await readFile(file));
      await writeText(fileOf(record.arm, 'json'), prettyJson({ ...record, digest } as unknown as Json));
    },
    read: async id => {
      const json = await readJson(fileOf(id, 'json'));
      if (json === undefined) throw new UserError(`${fileOf(id, 'json')}: the arm ${id} is missing`, REMEDY);
      const why = valueAt(json, 'why');
      if (typeof why === 'string') return { arm: id, why };
      const { digest, ...record } = json as unknown as ArmRecord & { readonly digest: unknown };
      const file = fileOf(id, 'safetensors');
      const bytes = await readFile(file).catch(error => {
        throw fileError(file, error);
      });
      if (digest !== digestOf(bytes)) throw notAsWritten(file, 'its digest is another than its record says');
      return withTensors(record, file, await parseSafetensors(file, bytes), { sizes, task });
    },
  };
}

const REMEDY = { remedy: 'the command that began the study computes what is missing' };

function notAsWritten(file: string, what: string): UserError {
  return new UserError(`${file}: is not what the study wrote: ${what}`, {
    remedy: 'remove the .json and the .safetensors file of this arm; the command that began the study makes them again',
  });
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function namesIn(arms: string): Promise<ReadonlySet<string>> {
  const files = await readdir(arms).catch(error => {
    if (errorCode(error) === 'ENOENT') return [];
    throw fileError(arms, error);
  });
  const records = files.filter(name => name.endsWith('.json') && !name.startsWith('.'));
  return new Set(records.map(name => name.slice(0, -'.json'.length)));
}

function tensorsOf(
  { attentionOutput, scores, offsets }: ArmData,
  { layers: L, heads: H, hiddenSize: D }: EvidencePlan['sizes'],
) {
  return [
    { name: 'attention_output', shape: [offsets.length - 1, L, D], data: attentionOutput },
    { name: 'scores', shape: [offsets.at(-1)!, L, H], data: scores },
    { name: 'offsets', shape: [offsets.length], data: BigInt64Array.from(offsets, BigInt) },
  ];
}

function withTensors(
  record: ArmRecord,
  file: string,
  tensors: Awaited<ReturnType<typeof parseSafetensors>>,
  {
    sizes: { layers: L, heads: H, hiddenSize: D },
    task: { rows: R },
  }: { readonly sizes: EvidencePlan['sizes']; readonly task: TaskPlan },
): ArmData {
  const offsets = Array.from(tensors.get('offsets')?.data ?? [], Number);
  const expected = { attention_output: [R, L, D], scores: [offsets.at(-1) ?? 0, L, H], offsets: [R + 1] };
  for (const [name, shape] of Object.entries(expected)) {
    const found = tensors.get(name)?.shape;
    if (found?.join() === shape.join()) continue;
    throw notAsWritten(file, `${name} is ${found === undefined ? 'missing' : `[${found}]`}, not [${shape}]`);
  }
  return {
    record,
    attentionOutput: tensors.get('attention_output')!.data as Float32Array,
    scores: tensors.get('scores')!.data as Float32Array,
    offsets,
  };
}
