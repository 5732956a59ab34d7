/** @file What the folders of all runs have in common: one plan, one process at a time, files that appear whole. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../checkpoint/atomic-file.ts';
import { errorCode, fileError } from '../checkpoint/file-bytes.ts';
import { makeFolders } from '../checkpoint/make-folders.ts';
import { UserError } from '../error.ts';
import { firstDifference, type Json } from './canonical-json.ts';
import { type FolderLock, lockFolder } from './lock.ts';
import { prettyJson } from './pretty-json.ts';

/** Makes the folder where it is missing, and takes it for this process. @throws UserError when another run works on it, or the disk refuses */
export async function makeFolder(folder: string): Promise<FolderLock> {
  await makeFolders(folder).catch(error => {
    throw fileError(folder, error, '; choose another --out');
  });
  return lockFolder(folder);
}

/** The stored result of a finished run of this plan; undefined when there is none. @throws UserError as openStore */
export async function readFinished(
  folder: string,
  plan: Json,
): Promise<{ readonly result: Json; readonly provenance: Json | undefined } | undefined> {
  const found = await readJson(join(folder, 'plan.json'));
  if (found === undefined) return undefined;
  requireSamePlan(folder, found, plan);
  const result = await readJson(join(folder, 'result.json'));
  if (result === undefined) return undefined;
  return { result, provenance: await readJson(join(folder, 'provenance.json')) };
}

/** Writes the plan where it is missing. @throws UserError when the folder holds another plan, or other files */
export async function claimFolder(folder: string, plan: Json): Promise<void> {
  const found = await readJson(join(folder, 'plan.json'));
  if (found === undefined) {
    const [foreign] = (await readdir(folder)).filter(name => !name.startsWith('.'));
    if (foreign !== undefined) {
      throw new UserError(
        `${folder}: holds other files (${foreign}) and no run; give an empty or a new folder as --out`,
      );
    }
    await writeText(join(folder, 'plan.json'), prettyJson(plan));
  } else {
    requireSamePlan(folder, found, plan);
  }
}

function requireSamePlan(folder: string, found: Json, plan: Json): void {
  const difference = firstDifference(found, plan);
  if (difference === undefined) return;
  const { path, a, b } = difference;
  throw new UserError(
    `${folder}: holds a run of another plan: ${path} is ${show(a)} there and ${show(b)} here; give another --out`,
  );
}

function show(value: Json | undefined): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** The file appears whole or not at all. */
export async function writeText(path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  await writeAtomically(path, bytes.length, handle => handle.writeFile(bytes));
}

/** What stands in a file; undefined when there is none. @throws UserError when it is no JSON */
export async function readJson(path: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw fileError(path, error);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new UserError(`${path}: damaged (${(cause as Error).message}); remove the folder or give another --out`, {
      cause,
    });
  }
}
