/**
 * @file The parts that all run folders share: one plan, one process at a time, files that are whole
 * or absent.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../error.ts';
import { writeAtomically } from './atomic-file.ts';
import { firstDifference, type Json } from './canonical-json.ts';
import { decodeText } from './decode-text.ts';
import { errorCode, fileError } from './file-bytes.ts';
import { type FolderLock, lockFolder } from './lock.ts';
import { makeFolders } from './make-folders.ts';
import { prettyJson } from './pretty-json.ts';
import { valueAt } from './rename-keys.ts';
import { parseShallowJson } from './shallow-json.ts';

/**
 * Makes the folder if it is missing, and locks it for this process.
 *
 * @throws UserError when another run works on it, or the disk refuses
 */
export async function makeFolder(folder: string): Promise<FolderLock> {
  await makeFolders(folder).catch(error => {
    throw fileError(folder, error, '; choose another `out`');
  });
  return lockFolder(folder);
}

/**
 * Converts a plan of an earlier version to today's keys and schema; returns any other unchanged.
 */
export type UpgradePlan = (found: Json) => Json;

/**
 * The stored result of a finished run of this plan; undefined when there is none. The result of an
 * earlier version is returned as that version wrote it.
 *
 * @throws UserError when the folder holds another plan, or a file in it is damaged
 */
export async function readFinished(
  folder: string,
  plan: Json,
  upgrade: UpgradePlan = found => found,
): Promise<{ readonly result: Json; readonly provenance: Json | undefined } | undefined> {
  const found = await readJson(join(folder, 'plan.json'));
  if (found === undefined) return undefined;
  requireSamePlan(folder, { found, upgrade, plan });
  const result = await readResult(folder);
  if (result === undefined) return undefined;
  return { result, provenance: await readJson(join(folder, 'provenance.json')) };
}

/**
 * Writes the plan if it is missing, or if an earlier version wrote the same plan with other keys.
 *
 * @throws UserError when the folder holds another plan, or other files
 */
export async function claimFolder(folder: string, plan: Json, upgrade: UpgradePlan = found => found): Promise<void> {
  const found = await readJson(join(folder, 'plan.json'));
  if (found === undefined) {
    const [foreign] = (await readdir(folder)).filter(name => !name.startsWith('.'));
    if (foreign !== undefined) {
      throw new UserError(`${folder}: holds other files (${foreign}) and no run`, {
        remedy: 'give an empty or a new folder as `out`',
      });
    }
    await writeText(join(folder, 'plan.json'), prettyJson(plan));
  } else {
    requireSamePlan(folder, { found, upgrade, plan });
    if (firstDifference(found, plan) !== undefined) await writeText(join(folder, 'plan.json'), prettyJson(plan));
  }
}

function requireSamePlan(
  folder: string,
  { found, upgrade, plan }: { readonly found: Json; readonly upgrade: UpgradePlan; readonly plan: Json },
): void {
  const difference = firstDifference(upgrade(found), plan);
  if (difference === undefined) return;
  // Up to 0.2.0, plans held the version of the program, and metrics were defined differently.
  const version = valueAt(found, 'version');
  if (typeof version === 'string') {
    throw new UserError(
      `${folder}: was written by dualform ${version}, whose numbers differ from this version's ` +
        `(plan schema ${show(valueAt(found, 'schema'))} there, ${show(valueAt(plan, 'schema'))} here)`,
      { remedy: 'give another `out`' },
    );
  }
  const { path, a, b } = difference;
  throw new UserError(`${folder}: holds a run of another plan: ${path} is ${show(a)} there and ${show(b)} here`, {
    remedy: 'give another `out`',
  });
}

function show(value: Json | undefined): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

const RESULT = 'result.json';
/** The digest of the result as it was written. Hidden, because people do not read it. */
const SEAL = '.result.sha256';

/** Writes the result of a run, and its digest, by which a later read notices a change. */
export async function writeResult(folder: string, result: Json): Promise<void> {
  const text = prettyJson(result);
  await writeText(join(folder, SEAL), digestOf(text));
  await writeText(join(folder, RESULT), text);
}

/**
 * The result as it was written; folders of earlier versions have no digest.
 *
 * @throws UserError when it was changed
 */
async function readResult(folder: string): Promise<Json | undefined> {
  const result = await readJson(join(folder, RESULT));
  if (result === undefined) return undefined;
  const seal = await readFile(join(folder, SEAL), 'utf8').catch(() => undefined);
  if (seal === undefined || seal === digestOf(await readFile(join(folder, RESULT)))) return result;
  throw new UserError(
    `${join(folder, RESULT)}: is not what the run wrote; remove this file, and the same command makes it again`,
  );
}

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The file is written whole or not at all. */
export async function writeText(path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  await writeAtomically(path, bytes.length, handle => handle.writeFile(bytes));
}

/**
 * The content of a JSON file; undefined if there is no file.
 *
 * @throws UserError when it is not JSON
 */
export async function readJson(path: string): Promise<Json | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw fileError(path, error);
  }
  try {
    return parseShallowJson(decodeText(path, bytes)) as Json;
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${path}: damaged (${(cause as Error).message})`, {
      remedy: 'remove the folder or give another `out`',
      cause,
    });
  }
}
