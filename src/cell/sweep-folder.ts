/**
 * @file The folder of a sweep:
 *
 *     sweep.json      the plan
 *     cells/NAME/     a finished cell, see sweep-store.ts
 *     cells.jsonl     a line for each finished cell, in the order of the plan; a function of the files above
 *     .sweep-id       tells a worker whether its folder is this one
 */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../error.ts';
import { writeAtomically, writeInPieces } from '../files/atomic-file.ts';
import { firstDifference, type Json } from '../files/canonical-json.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import { makeFolders } from '../files/make-folders.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { readJson, writeText } from '../files/run-folder.ts';
import { type Cell, nameOfCell } from './cell.ts';
import { inOrder } from './in-order.ts';
import type { Kinds, SweepKind } from './kind.ts';
import { readSweep, type Sweep } from './sweep-plan.ts';
import { finishedNames, folderOfCell, sweepStore } from './sweep-store.ts';

const PLAN = 'sweep.json';
const LINES = 'cells.jsonl';
const ID = '.sweep-id';

/**
 * Makes the folder of a sweep, or resumes in it.
 *
 * @throws UserError when it holds another sweep or other files
 */
export async function claimSweepFolder(root: string, { plan }: Sweep): Promise<void> {
  const found = await readJson(join(root, PLAN));
  if (found === undefined) {
    await makeFolders(root).catch(error => {
      throw fileError(root, error, '; choose another `out`');
    });
    const [foreign] = (await readdir(root)).filter(name => !name.startsWith('.'));
    if (foreign !== undefined) {
      throw new UserError(`${root}: holds other files (${foreign}) and no sweep`, {
        remedy: 'give an empty or a new folder as `out`',
      });
    }
    await writeText(join(root, PLAN), prettyJson(plan));
  } else {
    const difference = firstDifference(found, plan);
    if (difference !== undefined) {
      const [there, here] = [difference.a, difference.b].map(value => JSON.stringify(value) ?? 'missing');
      throw new UserError(`${root}: holds another sweep: ${difference.path} is ${there} there and ${here} here`, {
        remedy: 'give another `out`',
      });
    }
  }
  if ((await idOfSweepFolder(root)) === undefined) await makeSweepId(root);
}

/** The sweep in a folder. @throws UserError when there is none */
export async function openSweepFolder(root: string, kinds: Kinds<SweepKind>): Promise<Sweep> {
  const plan = await readJson(join(root, PLAN));
  if (plan === undefined) throw new UserError(`${root}: holds no sweep`, { remedy: 'name the `out` of a sweep' });
  return readSweep(join(root, PLAN), plan, kinds);
}

/** Of two processes that make it at once, one does. */
async function makeSweepId(root: string): Promise<void> {
  const file = join(root, ID);
  const own = `${file}.${randomUUID()}`;
  try {
    await writeText(own, randomUUID());
    await link(own, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw fileError(file, error);
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
}

/** Tells the folder of a sweep from every other; undefined for one that holds no sweep. */
export async function idOfSweepFolder(root: string): Promise<string | undefined> {
  return readFile(join(root, ID), 'utf8').catch(() => undefined);
}

/** A line of cells.jsonl. */
export type CellLine = {
  readonly cell: string;
  readonly options: Cell['options'];
  readonly status: 'done' | 'failed';
  readonly why?: string;
  readonly result?: Json;
};

/** The finished cells, in the order of the plan. */
export async function* cellLines(root: string, { cells }: Sweep): AsyncGenerator<CellLine> {
  const finished = await finishedNames(root);
  const there = cells.filter(cell => finished.has(nameOfCell(cell)));
  for await (const line of inOrder(there, cell => lineOf(root, cell))) if (line !== undefined) yield line;
}

async function lineOf(root: string, cell: Cell): Promise<CellLine | undefined> {
  const line = { cell: nameOfCell(cell), options: cell.options };
  const result = await readJson(join(folderOfCell(root, cell), 'result.json'));
  if (result !== undefined) return { ...line, status: 'done', result };
  const found = await sweepStore(root).find(cell);
  if (found?.status === 'failed') return { ...line, status: 'failed', why: found.why };
  return found && { ...line, status: 'done', result: null };
}

/** Writes cells.jsonl anew: the same bytes however the cells were computed. */
export async function writeCellLines(root: string, sweep: Sweep): Promise<void> {
  let count: number;
  do {
    count = 0;
    const texts = async function* () {
      for await (const line of cellLines(root, sweep)) {
        count++;
        yield `${JSON.stringify(line)}\n`;
      }
    };
    await writeAtomically(join(root, LINES), 0, handle => writeInPieces(handle, texts()));
    // Another process may have finished the sweep and written its list before this one.
  } while (count < sweep.cells.length && (await isFinished(root, sweep)));
}

async function isFinished(root: string, { cells }: Sweep): Promise<boolean> {
  const finished = await finishedNames(root);
  return finished.size >= cells.length && cells.every(cell => finished.has(nameOfCell(cell)));
}
