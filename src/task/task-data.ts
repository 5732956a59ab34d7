import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { UserError } from '../error.ts';
import type { Row } from './row.ts';

const DATA = new URL('../../data/', import.meta.url);

const file = z.object({
  file: z.string(),
  rows: z.int().positive(),
  bytes: z.int().positive(),
  sha256: z.string(),
  contentSha256: z.string(),
  /** `shuffled`: rows are in evaluation order, each with its original index. */
  order: z.enum(['original', 'shuffled']),
});
const manifest = z.object({
  task: z.string(),
  title: z.string(),
  licence: z.string(),
  files: z.object({ train: file, evaluation: file }),
});

/** `data/<task>/manifest.json`. */
type DataManifest = z.infer<typeof manifest>;
type DataFile = z.infer<typeof file>;

export function readManifest(task: string): DataManifest {
  return manifest.parse(JSON.parse(readFileSync(new URL(`${task}/manifest.json`, DATA), 'utf8')));
}

/**
 * The rows of one file of the embedded data, with the given fields.
 *
 * @throws UserError when the file is damaged
 */
export function readData(task: string, entry: DataFile, names: readonly string[]): readonly Row[] {
  const url = new URL(`${task}/${entry.file}`, DATA);
  let content: Buffer | undefined;
  let cause: unknown;
  try {
    content = gunzipSync(readFileSync(url));
  } catch (error) {
    cause = error;
  }
  if (content === undefined || createHash('sha256').update(content).digest('hex') !== entry.contentSha256) {
    throw new UserError(`${fileURLToPath(url)}: missing or damaged; install dualform again`, { cause });
  }
  const lines = content.toString('utf8').split('\n');
  return Array.from({ length: entry.rows }, (_, i) => {
    const object = JSON.parse(lines[i]!) as Record<string, string> & { row?: number; label: number };
    const fields: Record<string, string> = {};
    for (const name of names) fields[name] = object[name]!;
    return { id: object.row ?? i, fields, label: object.label };
  });
}
