/**
 * @file Arms and contrasts that were added to a study after its registration: `additions.json`.
 * Each entry holds the SHA-256 of what stood before it, the first that of the plan, so that none
 * can be taken away or put in between.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { UserError } from '../../error.ts';
import { canonicalJson, type Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { readJson, writeText } from '../../files/run-folder.ts';
import type { EvidenceEstimate } from './fold/result.ts';

/** Something that was added: an arm of a task, or a contrast. */
export type Addition = {
  readonly kind: 'arm' | 'contrast';
  /** Of the arm as in `F/3/mine`, or the name of the contrast. */
  readonly id: string;
  readonly task: string;
  /** What it is, in words. */
  readonly description: string;
  /** Of a contrast. */
  readonly value?: EvidenceEstimate;
};

/** An entry of the chain. */
type Link = Addition & {
  /** Of the entry before, as canonical JSON; of the plan before the first. */
  readonly previous: string;
};

export type AdditionsFile = {
  readonly schema: 'dualform.evidence-additions/1';
  readonly additions: readonly Link[];
};

const FILE = 'additions.json';

/**
 * The additions of a study, from the first on.
 *
 * @throws UserError when an entry does not follow from the entries before it
 */
export async function readAdditions(folder: string, registered: string): Promise<readonly Addition[]> {
  return (await readLinks(folder, registered)).map(({ previous: _, ...addition }) => addition);
}

/**
 * Adds what is not there yet.
 *
 * @throws UserError as `readAdditions`, or for a name that is taken by something else
 */
export async function addAdditions(folder: string, registered: string, added: readonly Addition[]): Promise<void> {
  const links = [...(await readLinks(folder, registered))];
  for (const addition of added) {
    const { kind, id, task } = addition;
    const there = links.find(link => link.kind === kind && link.id === id && link.task === task);
    if (there !== undefined) {
      const { previous: _, ...known } = there;
      if (canonicalJson(known as Json) === canonicalJson(addition as Json)) continue;
      throw new UserError(`${join(folder, FILE)}: has another ${kind} ${id} of ${task}`, {
        remedy: 'give it another name',
      });
    }
    links.push({ previous: hashBefore(links, registered), ...addition });
  }
  const file: AdditionsFile = { schema: 'dualform.evidence-additions/1', additions: links };
  await writeText(join(folder, FILE), prettyJson(file));
}

async function readLinks(folder: string, registered: string): Promise<readonly Link[]> {
  const path = join(folder, FILE);
  const links = ((await readJson(path)) as AdditionsFile | undefined)?.additions ?? [];
  for (const [i, { previous }] of links.entries()) {
    if (previous === hashBefore(links.slice(0, i), registered)) continue;
    throw new UserError(`${path}: entry ${i + 1} does not follow from the entries before it: something was changed`, {
      remedy: 'restore the file as it was written',
    });
  }
  return links;
}

function hashBefore(links: readonly Link[], registered: string): string {
  const last = links.at(-1);
  if (last === undefined) return registered;
  return createHash('sha256')
    .update(canonicalJson(last as Json))
    .digest('hex');
}
